"""How the page looks, on a screen and printed: dark ink on white, at least 4.5 to 1."""

CSS = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #ffffff; color: #1b1f27; font: 15px/1.5 "Segoe UI", "Noto Sans", "Noto Sans CJK JP",
  "Hiragino Sans", "Yu Gothic", Arial, sans-serif; }
main, footer { max-width: 1080px; margin: 0 auto; padding: 0 24px; }
h1 { margin: 32px 0 0; color: #1f3864; font-size: 28px; line-height: 1.25; }
h2 { margin: 40px 0 8px; padding-bottom: 4px; border-bottom: 2px solid #1f3864; color: #1f3864; font-size: 20px; }
p { max-width: 80ch; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0; padding: 0; list-style: none; }
a { color: #0b4f9c; }
.wide { overflow-x: auto; margin: 16px 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { padding: 4px 0; color: #1f3864; font-weight: 600; text-align: left; white-space: nowrap; }
th, td { padding: 4px 10px; border-bottom: 1px solid #d5d9e0; text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid #1f3864; background: #eef2f8; vertical-align: bottom; }
tbody th { min-width: 11em; font-weight: 400; overflow-wrap: break-word; }
tfoot th, tfoot td { border-top: 2px solid #1f3864; font-weight: 600; }
.number { text-align: right; white-space: nowrap; }
thead .number { white-space: normal; }
figure { margin: 20px 0; }
figcaption strong { color: #1f3864; }
svg { display: block; width: 100%; max-width: 760px; height: auto; }
svg text { fill: #1b1f27; font-size: 12px; }
svg .left { text-anchor: end; }
svg .below { text-anchor: middle; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; font-size: 13px; }
.swatch { display: inline-block; width: 12px; height: 12px; margin-right: 6px; border: 1px solid #1f3864; }
footer { margin-top: 40px; padding-bottom: 32px; color: #4a5160; font-size: 13px; overflow-wrap: anywhere; }
@page { size: A4 landscape; margin: 14mm; }
@media print {
  body { font-size: 10pt; }
  main, footer { max-width: none; padding: 0; }
  nav { display: none; }
  .wide { overflow: visible; }
  h2, caption { break-after: avoid; }
  figure, tr { break-inside: avoid; }
  thead { display: table-header-group; }
  tfoot { display: table-row-group; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""

"""What every sheet is made with: lines with keys, cells, styles, time tables, charts, and the file itself."""

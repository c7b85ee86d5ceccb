"""What the workbook says, in another language."""

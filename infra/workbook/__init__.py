"""The workbook of Azure Monitor: small readable parts, and what makes workbook.json of them."""

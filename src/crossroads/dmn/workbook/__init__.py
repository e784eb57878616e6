"""Workbooks (XLSX) of decision tables: what a spreadsheet program makes of a cell is understood, or refused by name."""

"""Runs the cells of a notebook in their order, without Jupyter: `python3 run.py margin.ipynb`."""

import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    notebook = json.load(file)
names = {}
for number, cell in enumerate(notebook["cells"], start=1):
    if cell["cell_type"] == "code":
        exec(compile("".join(cell["source"]), f"{sys.argv[1]}, cell {number}", "exec"), names)

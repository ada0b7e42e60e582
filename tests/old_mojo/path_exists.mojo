# Mojo 24.3 prints "False\n"

from pathlib import Path

fn main() raises:
    var p = Path("surely_not_here.txt")
    print(p.exists())

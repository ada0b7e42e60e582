# Mojo 25.3 prints "3\n"

fn neighbours(grid: List[List[Int]], r: Int, c: Int) -> Int:
    var n = 0
    for dr in range(-1, 2):
        for dc in range(-1, 2):
            if dr == 0 and dc == 0:
                continue
            var rr = r + dr
            var cc = c + dc
            if rr >= 0 and rr < len(grid) and cc >= 0 and cc < len(grid[0]):
                n += grid[rr][cc]
    return n

fn step(grid: List[List[Int]]) -> List[List[Int]]:
    var out = List[List[Int]]()
    for r in range(len(grid)):
        var row = List[Int]()
        for c in range(len(grid[0])):
            var n = neighbours(grid, r, c)
            row.append(1 if n == 3 or (n == 2 and grid[r][c] == 1) else 0)
        out.append(row)
    return out

fn main():
    var grid = List[List[Int]](List[Int](0, 1, 0), List[Int](0, 1, 0), List[Int](0, 1, 0))
    grid = step(grid)
    print(grid[1][0] + grid[1][1] + grid[1][2])

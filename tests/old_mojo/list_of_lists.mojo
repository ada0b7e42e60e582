# Mojo 25.4 prints "6\n"

fn main():
    var grid = List[List[Int]]()
    for i in range(3):
        var row = List[Int]()
        for j in range(3):
            row.append(i * j)
        grid.append(row)
    print(grid[2][2] + grid[1][2])

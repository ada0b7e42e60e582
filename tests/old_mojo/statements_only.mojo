# Mojo 24.4 prints "7\n"

let a = 3
let b = 4
print(a + b)

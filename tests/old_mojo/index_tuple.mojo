# Mojo 24.5 prints "1 2\n"

from utils.index import Index

fn main():
    var i = Index(1, 2)
    print(i[0], i[1])

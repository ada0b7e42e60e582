# Mojo 24.5 prints "True\n"

from sys.info import simdwidthof

alias width = simdwidthof[DType.float32]()

fn main():
    print(width >= 4)

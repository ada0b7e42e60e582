# Mojo 25.4 prints "1.0\n"

from layout import Layout, LayoutTensor

fn main():
    alias shape = Layout.row_major(2, 2)
    var storage = InlineArray[Float32, 4](fill=1.0)
    var t = LayoutTensor[DType.float32, shape](storage)
    print(t[0, 0])

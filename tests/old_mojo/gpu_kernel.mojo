# Mojo 25.4 prints "0\n"

from gpu.host import DeviceContext
from gpu import thread_idx

fn kernel():
    print(thread_idx.x)

fn main() raises:
    var ctx = DeviceContext()
    ctx.enqueue_function[kernel](grid_dim=1, block_dim=1)
    ctx.synchronize()

from max.gpu.host import DeviceContext


def main() raises:
    print("before")
    var context = DeviceContext()
    print(context.name())

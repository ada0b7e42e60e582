# Mojo 24.3 prints "done\n"

from time import sleep

fn main():
    sleep(0.01)
    print("done")

def f():

def main():
    f()

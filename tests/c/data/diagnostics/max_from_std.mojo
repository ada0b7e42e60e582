from std.algorithm import parallelize

def main():
    pass

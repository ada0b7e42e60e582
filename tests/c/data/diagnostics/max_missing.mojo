from max.algorithm import parallelize

def main():
    pass

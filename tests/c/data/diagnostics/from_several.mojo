from time import perf_counter_ns
from random import random_float64, seed
from collections import Dict
from sys import argv

def main():
    print(perf_counter_ns() > 0)

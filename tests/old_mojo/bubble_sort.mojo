# Mojo 24.3 prints "1 2 5 9\n"

from collections import List

fn bubble_sort(inout a: List[Int]):
    let n = len(a)
    for i in range(n):
        for j in range(n - i - 1):
            if a[j] > a[j + 1]:
                let t = a[j]
                a[j] = a[j + 1]
                a[j + 1] = t

fn main():
    var a = List[Int](5, 2, 9, 1)
    bubble_sort(a)
    print(a[0], a[1], a[2], a[3])

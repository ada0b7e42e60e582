def main():
    var items = List[Int](length=8, fill=0)
    def work(i: Int) {mut items}:
        items[i] = i
    parallelize(work, 8)

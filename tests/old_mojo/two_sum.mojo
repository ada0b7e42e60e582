# Mojo 25.4 prints "0 3\n"

fn two_sum(nums: List[Int], target: Int) -> Tuple[Int, Int]:
    for i in range(len(nums)):
        for j in range(i + 1, len(nums)):
            if nums[i] + nums[j] == target:
                return (i, j)
    return (-1, -1)

fn main():
    var r = two_sum(List[Int](2, 7, 11, 15), 17)
    print(r[0], r[1])

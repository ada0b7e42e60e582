/* Debian's static libstdc++ asks glibc 2.36 for this one function, for a random_device that nothing here makes. With it,
 * a wheel runs with glibc 2.34. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

uint32_t arc4random(void);

uint32_t arc4random(void)
{
    uint32_t number;
    if (getentropy(&number, sizeof number) < 0) {
        abort();
    }
    return number;
}

#include "base/json.h"

#include "base/fault.h"
#include "base/list.h"

#include <setjmp.h>
#include <stdlib.h>

static _Thread_local bool refused;

/* While something is read: what it has taken, and where to go where memory is refused. */
static _Thread_local struct {
    bool armed;
    jmp_buf jump;
    struct mc_list blocks;
} reading;

void *mc_json_malloc(size_t size)
{
    _Static_assert(sizeof(struct mc_node) % 16 == 0, "what follows is aligned as malloc aligns");
    struct mc_node *block = mc_fault("json") ? NULL : malloc(sizeof *block + size);
    if (!block) {
        refused = true;
        if (reading.armed) {
            longjmp(reading.jump, 1);
        }
        return NULL;
    }
    *block = (struct mc_node) {0};
    if (reading.armed) {
        mc_list_add(&reading.blocks, block);
    }
    return block + 1;
}

void mc_json_free(void *bytes)
{
    if (bytes) {
        struct mc_node *block = (struct mc_node *) bytes - 1;
        mc_node_remove(block);
        free(block);
    }
}

bool mc_json_refused(void)
{
    bool was = refused;
    refused = false;
    return was;
}

json_t *mc_json_read(const char *bytes, size_t length, size_t flags, json_error_t *ret)
{
    mc_list_init(&reading.blocks);
    if (setjmp(reading.jump)) {
        reading.armed = false;
        while (!mc_list_empty(&reading.blocks)) {
            mc_json_free(reading.blocks.head.next + 1);
        }
        return NULL;
    }
    reading.armed = true;
    json_t *json = json_loadb(bytes, length, flags, ret);
    reading.armed = false;
    mc_node_remove(&reading.blocks.head); /* the blocks are the value's now */
    return json;
}

#include "server/refusals.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "server/compilation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64 };

struct refusal {
    struct mc_node node;
    char key[MC_HASH_HEX];
    json_t *diagnostics;
    json_t *changes;
    struct mc_buf text;
};

static void refusal_free(struct mc_refusals *refusals, struct refusal *one)
{
    mc_node_remove(&one->node);
    refusals->count--;
    json_decref(one->diagnostics);
    json_decref(one->changes);
    mc_buf_fini(&one->text);
    free(one);
}

void mc_refusals_init(struct mc_refusals *refusals)
{
    *refusals = (struct mc_refusals) {0};
    mc_list_init(&refusals->all);
}

void mc_refusals_fini(struct mc_refusals *refusals)
{
    MC_LIST_EACH(&refusals->all, struct refusal, one, node)
    {
        refusal_free(refusals, one);
    }
}

static struct refusal *find(const struct mc_refusals *refusals, const char *key)
{
    MC_LIST_EACH(&refusals->all, struct refusal, one, node)
    {
        if (strcmp(one->key, key) == 0) {
            return one;
        }
    }
    return NULL;
}

void mc_refusals_add(struct mc_refusals *refusals,
                     const char *key,
                     const struct mc_compiled *compiled)
{
    mc_err err;
    struct refusal *one = find(refusals, key);
    if (one) {
        refusal_free(refusals, one);
    }
    one = mc_new(struct refusal);
    if (!one) {
        return;
    }
    mc_list_add(&refusals->all, &one->node);
    refusals->count++;
    snprintf(one->key, sizeof one->key, "%s", key);
    one->diagnostics = json_incref(compiled->diagnostics);
    one->changes = json_incref(compiled->changes);
    mc_buf_add(&one->text, compiled->text->data, compiled->text->length);
    if (mc_buf_check(&one->text, &err) < 0) {
        refusal_free(refusals, one);
    } else if (refusals->count > MOST) {
        refusal_free(refusals, MC_LIST_FIRST(&refusals->all, struct refusal, node));
    }
}

bool mc_refusals_find(const struct mc_refusals *refusals, const char *key, struct mc_compiled *ret)
{
    const struct refusal *one = find(refusals, key);
    if (one) {
        *ret = (struct mc_compiled) {
            .diagnostics = one->diagnostics, .changes = one->changes, .text = &one->text};
    }
    return one;
}

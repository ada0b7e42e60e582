/* An intrusive list: the node is a member of what is in the list, so that adding needs no memory
 * and removing needs no search. A node of zeros is in no list; a list has to be initialized. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct mc_node {
    struct mc_node *next; /* NULL: in no list */
    struct mc_node *prev;
};

struct mc_list {
    struct mc_node head;
};

/* The object whose member `member` is the node. */
#define MC_OF(node, type, member) ((type *) ((char *) (node) - offsetof(type, member)))

/* The first object, or NULL. */
#define MC_LIST_FIRST(list, type, member) \
    (mc_list_empty(list) ? NULL : MC_OF((list)->head.next, type, member))

/* NOLINTBEGIN(bugprone-macro-parentheses): a type and a name are declared with */
/* Each object in order. The body may remove, and free, the object it is at, and no other. */
#define MC_LIST_EACH(list, type, var, member)                                 \
    for (type *var = MC_OF((list)->head.next, type, member), *mc_after_##var; \
         &var->member != &(list)->head &&                                     \
         ((mc_after_##var = MC_OF(var->member.next, type, member)), true);    \
         var = mc_after_##var)
/* NOLINTEND(bugprone-macro-parentheses) */

static inline void mc_list_init(struct mc_list *list)
{
    list->head.next = list->head.prev = &list->head;
}

static inline bool mc_list_empty(const struct mc_list *list)
{
    return list->head.next == &list->head;
}

static inline bool mc_node_linked(const struct mc_node *node)
{
    return node->next != NULL;
}

/* At the end. The node must be in no list. */
static inline void mc_list_add(struct mc_list *list, struct mc_node *node)
{
    node->next = &list->head;
    node->prev = list->head.prev;
    node->prev->next = node;
    list->head.prev = node;
}

/* Nothing where it is in no list. */
static inline void mc_node_remove(struct mc_node *node)
{
    if (node->next) {
        node->next->prev = node->prev;
        node->prev->next = node->next;
        node->next = node->prev = NULL;
    }
}

/* Everything of `from` to the end of `to`; `from` is empty then. */
static inline void mc_list_move(struct mc_list *to, struct mc_list *from)
{
    while (!mc_list_empty(from)) {
        struct mc_node *node = from->head.next;
        mc_node_remove(node);
        mc_list_add(to, node);
    }
}

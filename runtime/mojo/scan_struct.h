/* The fields of a struct. */
#pragma once

#include "mojo/scan.h"

struct mc_field {
    struct mc_span name;
    struct mc_span type;
};

struct mc_struct {
    struct mc_field *fields;
    size_t n_fields;
    bool fieldwise;      /* it has @fieldwise_init */
    bool has_parameters; /* `struct Name[…]` */
};

/* Reads an item that is a struct: what stands as `var name: Type` in its body. -1 when out of
 * memory; *ret is to be finished in any case. */
int mc_struct_read(const struct mc_scan *scan,
                   const struct mc_item *item,
                   struct mc_struct *ret) MC_MUST_USE;
void mc_struct_fini(struct mc_struct *self);

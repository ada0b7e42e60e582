/* The inside of a cell, shared by the files that implement it. */
#pragma once

#include "mojo/cell.h"
#include "mojo/cell_io.h"
#include "mojo/cell_names.h"
#include "mojo/scan.h"

struct mc_cell {
    char *source;
    size_t length;
    struct mc_scan scan;
    enum mc_cell_kind kind;
    bool *in_main; /* for each item: it belongs into the `main` that is made of the statements */
    size_t n_in_main;
    size_t shown; /* the item whose value is printed; SIZE_MAX: none */
    struct mc_names names;
    size_t lines; /* of the cell; what follows its last line end is a line as well */

    /* Of statement cells, made when the cell is parsed: */
    struct mc_buf module;
    int32_t *shift[2];  /* for each line of the hoisted part and of the body of main: columns in the
                           module minus columns  in the cell */
    size_t show_column; /* of the shown item, from 0 */
    size_t show_length; /* bytes put before it */
    const struct mc_cell_io *io; /* or NULL */
};

/* Makes module, shift, show_column and show_length. */
int mc_cell_layout(struct mc_cell *cell, mc_err *err) MC_MUST_USE;

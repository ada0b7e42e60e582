#include "mojo/cell_io.h"

#include "abi/signature.h"
#include "abi/thunk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAMES MC_THUNK_MAX_ARGS

static bool is_name(const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char) text[i]) && text[i] != '_') {
            return false;
        }
    }
    return length > 0 && length < 256 && !isdigit((unsigned char) text[0]) &&
           strncmp(text, "mc_", 3) != 0 && strcmp(text, "main") != 0;
}

static int refuse(mc_err *err, const char *field, const char *name)
{
    return mc_err_set(err,
                      MC_INVALID_REQUEST,
                      "'%s': '%.60s' is no name that a variable can have there, or it comes twice",
                      field,
                      name ? name : "");
}

static bool has_input(const struct mc_cell_io *io, const char *name)
{
    for (size_t i = 0; i < io->n_inputs; i++) {
        if (strcmp(io->inputs[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_output(const struct mc_cell_io *io, const char *name)
{
    for (size_t i = 0; i < io->n_outputs; i++) {
        if (strcmp(io->outputs[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static int add_input(const json_t *one, struct mc_cell_io *ret, mc_err *err)
{
    const char *name = json_string_value(json_object_get(one, "name"));
    const char *text = json_string_value(json_object_get(one, "type"));
    struct mc_cell_input *input = &ret->inputs[ret->n_inputs];
    if (!name || !is_name(name) || has_input(ret, name)) {
        return refuse(err, "inputs", name);
    }
    if (!text) {
        return mc_err_set(err, MC_INVALID_REQUEST, "'inputs': '%s' has no type", name);
    }
    if (mc_type_parse(text, &input->type, err) < 0) {
        return -1;
    }
    input->name = strdup(name);
    ret->n_inputs++;
    return input->name ? 0 : mc_err_set(err, MC_NO_MEMORY, "out of memory");
}

static int add_output(const json_t *one, struct mc_cell_io *ret, mc_err *err)
{
    const char *name = json_string_value(one);
    if (!name || !is_name(name) || has_output(ret, name)) {
        return refuse(err, "outputs", name);
    }
    ret->outputs[ret->n_outputs] = strdup(name);
    return ret->outputs[ret->n_outputs++] ? 0 : mc_err_set(err, MC_NO_MEMORY, "out of memory");
}

int mc_cell_io_read(const json_t *inputs,
                    const json_t *outputs,
                    struct mc_cell_io *ret,
                    mc_err *err)
{
    size_t i;
    json_t *one;
    if (json_array_size(inputs) > MAX_NAMES || json_array_size(outputs) > MAX_NAMES) {
        return mc_err_set(err, MC_INVALID_REQUEST, "more than %d inputs or outputs", MAX_NAMES);
    }
    ret->inputs = calloc(MAX_NAMES, sizeof *ret->inputs);
    ret->outputs = calloc(MAX_NAMES, sizeof *ret->outputs);
    if (!ret->inputs || !ret->outputs) {
        return mc_err_set(err, MC_NO_MEMORY, "out of memory");
    }
    json_array_foreach(inputs, i, one)
    {
        if (add_input(one, ret, err) < 0) {
            return -1;
        }
    }
    json_array_foreach(outputs, i, one)
    {
        if (add_output(one, ret, err) < 0) {
            return -1;
        }
    }
    return 0;
}

void mc_cell_io_fini(struct mc_cell_io *io)
{
    for (size_t i = 0; i < io->n_inputs; i++) {
        free(io->inputs[i].name);
        mc_type_fini(&io->inputs[i].type);
    }
    for (size_t i = 0; i < io->n_outputs; i++) {
        free(io->outputs[i]);
    }
    free(io->inputs);
    free(io->outputs);
    *io = (struct mc_cell_io) {0};
}

bool mc_cell_io_any(const struct mc_cell_io *io)
{
    return io->n_inputs + io->n_outputs > 0;
}

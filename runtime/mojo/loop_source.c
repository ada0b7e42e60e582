#include "mojo/loop_source.h"

#include "abi/kind.h"
#include "abi/loop.h"
#include "base/mem.h"
#include "mojo/scan.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* The names begin with mc_, as those of thunks do. The bytes of a Bool are no vector of bits. */
static const char prelude[] =
    "\n\n"
    "from std.sys import simd_width_of as mc_width_of\n"
    "\n\n"
    "@always_inline\n"
    "def mc_item[T: AnyType](address: Int) -> ref [MutAnyOrigin] T:\n"
    "    return Pointer[T, MutAnyOrigin](unsafe_from_address=address)[]\n"
    "\n\n"
    "@always_inline\n"
    "def mc_lanes[T: DType, W: Int, size: Int](address: Int, stride: Int) -> SIMD[T, W]:\n"
    "    if stride == size:\n"
    "        return Pointer[Scalar[T], MutAnyOrigin](unsafe_from_address=address)."
    "unsafe_load[width=W](0)\n"
    "    var x = SIMD[T, W](mc_item[Scalar[T]](address))\n"
    "    if stride != 0:\n"
    "        comptime for k in range(1, W):\n"
    "            x[k] = mc_item[Scalar[T]](address + k * stride)\n"
    "    return x\n"
    "\n\n"
    "@always_inline\n"
    "def mc_set_lanes[T: DType, W: Int, size: Int](address: Int, stride: Int, x: SIMD[T, W]):\n"
    "    if stride == size:\n"
    "        Pointer[Scalar[T], MutAnyOrigin](unsafe_from_address=address).unsafe_store(0, x)\n"
    "    else:\n"
    "        comptime for k in range(W):\n"
    "            mc_item[Scalar[T]](address + k * stride) = x[k]\n";

/* ---- what can be mapped ---- */

static size_t count_results(const struct mc_type *result)
{
    return result->kind == MC_TYPE_TUPLE ? result->count : 1;
}

static const struct mc_type *result_of(const struct mc_binding *binding, size_t i)
{
    const struct mc_type *result = &binding->result;
    return result->kind == MC_TYPE_TUPLE ? &result->items[i] : result;
}

/* Whether arrays have elements of the type: NumPy itself has no bfloat16. */
static bool is_element(const struct mc_type *type)
{
    return type->kind == MC_TYPE_SCALAR && type->scalar != MC_BFLOAT16;
}

__attribute__((format(printf, 3, 4))) static int
refuse(const struct mc_binding *binding, mc_err *err, const char *format, ...)
{
    char why[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    mc_err_set(err, MC_INVALID_REQUEST, "%s cannot be mapped: %s", binding->name, why);
    return mc_err_hint(err,
                       "what can be: functions whose arguments and results are numbers or Bool, "
                       "one or several in a Tuple");
}

static int check_type(const struct mc_binding *binding,
                      const struct mc_type *type,
                      const char *what,
                      mc_err *err)
{
    mc_autobuf text = MC_BUF_INIT;
    if (is_element(type)) {
        return 0;
    }
    mc_type_write_said(type, &text);
    return refuse(
        binding, err, "%s is %s, of which NumPy has no elements", what, text.data ? text.data : "");
}

static int check_one(const struct mc_cell *cell, const struct mc_binding *binding, mc_err *err)
{
    if (binding->skipped) {
        return refuse(binding, err, "%s", binding->skipped);
    }
    if (binding->n_args == 0) {
        return refuse(binding, err, "it takes no argument");
    }
    if (binding->n_args + count_results(&binding->result) > MC_LOOP_MOST) {
        return refuse(binding, err, "it has more than %d arguments and results", MC_LOOP_MOST);
    }
    for (size_t i = 0; i < binding->n_args; i++) {
        mc_autofree char *name = mc_bind_text(cell, binding->args[i].arg->name);
        mc_autobuf what = MC_BUF_INIT;
        mc_buf_addf(&what, "the argument '%s'", name ? name : "");
        if (check_type(binding, &binding->args[i].type, what.data ? what.data : "", err) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < count_results(&binding->result); i++) {
        if (check_type(binding, result_of(binding, i), "its result", err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Whether all arguments and results of a function with a width are that wide. */
static bool is_wide(const struct mc_cell *cell, const struct mc_binding *binding)
{
    const struct mc_def *def = binding->item->def;
    return binding->width && !def->raises &&
           mc_bind_count_width(cell, binding->width, def->arguments) == binding->n_args &&
           mc_bind_count_width(cell, binding->width, def->returns) ==
               count_results(&binding->result);
}

/* What is written for vectors means the language's own types. */
static bool has_own_types(const struct mc_cell *cell)
{
    static const char *const used[] = {"DType", "Int", "SIMD", "Tuple", NULL};
    for (size_t i = 0; i < cell->scan.count; i++) {
        const struct mc_token *name = mc_lex_at(&cell->scan.tokens, cell->scan.items[i].name.start);
        if (mc_token_in(&cell->scan.tokens, name, used)) {
            return true;
        }
    }
    return false;
}

static void
decide(const struct mc_cell *cell, struct mc_binding *binding, const struct mc_lift_below *below)
{
    mc_autobuf lifted = MC_BUF_INIT;
    if (is_wide(cell, binding)) {
        binding->how = MC_LOOP_WIDTH;
    } else if (binding->width) {
        binding->how = MC_LOOP_SCALAR;
        binding->reason = strdup(binding->item->def->raises
                                     ? "it may raise"
                                     : "not all of its arguments and results have its width");
    } else if (has_own_types(cell)) {
        binding->how = MC_LOOP_SCALAR;
        binding->reason = strdup("the source has types of its own by the names of the language's");
    } else if (mc_lift(cell, binding, below, &lifted, &binding->reason)) {
        binding->how = MC_LOOP_LIFTED;
        binding->lifted = mc_buf_steal(&lifted);
    } else {
        binding->how = MC_LOOP_SCALAR;
    }
}

static bool is_among(const json_t *names, const char *name)
{
    size_t i;
    json_t *item;
    json_array_foreach(names, i, item)
    {
        if (strcmp(json_string_value(item), name) == 0) {
            return true;
        }
    }
    return false;
}

int mc_loops_choose(struct mc_bindings *bindings,
                    const json_t *names,
                    const struct mc_lift_below *below,
                    mc_err *err)
{
    size_t chosen = 0;
    mc_err first = {0};
    mc_err later;
    for (size_t i = 0; i < bindings->count; i++) {
        struct mc_binding *binding = &bindings->items[i];
        bool wanted = is_among(names, binding->name);
        if (wanted && check_one(bindings->cell, binding, first.code ? &later : &first) == 0) {
            decide(bindings->cell, binding, below);
            chosen++;
        } else if (!binding->skipped) {
            binding->skipped = strdup(wanted ? "it cannot be mapped" : "it is not to be mapped");
        }
    }
    if (chosen > 0) {
        return 0;
    }
    if (first.code) {
        *err = first;
        return -1;
    }
    return mc_err_set(err, MC_INVALID_REQUEST, "loops: the source defines no such function");
}

/* ---- what the compiler refuses ---- */

static const char *first_error(const json_t *diagnostics)
{
    size_t i;
    json_t *one;
    json_array_foreach(diagnostics, i, one)
    {
        const char *kind = json_string_value(json_object_get(one, "kind"));
        if (kind && strcmp(kind, "error") == 0) {
            return json_string_value(json_object_get(one, "message"));
        }
    }
    return NULL;
}

bool mc_loops_settle(struct mc_bindings *bindings, const json_t *diagnostics)
{
    bool any = false;
    const char *message = first_error(diagnostics);
    for (size_t i = 0; i < bindings->count; i++) {
        struct mc_binding *binding = &bindings->items[i];
        if (!binding->skipped && binding->how == MC_LOOP_LIFTED) {
            binding->how = MC_LOOP_SCALAR;
            free(binding->lifted);
            binding->lifted = NULL;
            if (asprintf(&binding->reason,
                         "the compiler refuses it for vectors: %.200s",
                         message ? message : "") < 0) {
                binding->reason = NULL;
            }
            any = true;
        }
    }
    return any;
}

/* ---- the text ---- */

struct writer {
    struct mc_buf *out;
    const struct mc_cell *cell;
    const struct mc_binding *binding;
    const char *module;
    const char *indent;
};

static size_t size_of(const struct mc_type *type)
{
    return mc_scalars[type->scalar].size;
}

/* a0, s0 … of arguments, b0, t0 … of results: address and stride. */
static void write_places(const struct writer *writer)
{
    const struct mc_binding *binding = writer->binding;
    size_t word = MC_LOOP_OPERANDS;
    for (size_t i = 0; i < binding->n_args + count_results(&binding->result); i++, word += 2) {
        bool argument = i < binding->n_args;
        size_t k = argument ? i : i - binding->n_args;
        mc_buf_addf(writer->out,
                    "    var %c%zu = Int(a[unsafe_offset=%zu])\n"
                    "    var %c%zu = Int(a[unsafe_offset=%zu])\n",
                    argument ? 'a' : 'b',
                    k,
                    word,
                    argument ? 's' : 't',
                    k,
                    word + 1);
    }
}

/* To the next element, or past as many as fit a vector. */
static void write_steps(const struct writer *writer, const char *times)
{
    const struct mc_binding *binding = writer->binding;
    for (size_t i = 0; i < binding->n_args; i++) {
        mc_buf_addf(writer->out, "%sa%zu += %ss%zu\n", writer->indent, i, times, i);
    }
    for (size_t i = 0; i < count_results(&binding->result); i++) {
        mc_buf_addf(writer->out, "%sb%zu += %st%zu\n", writer->indent, i, times, i);
    }
}

static void write_name(const struct writer *writer)
{
    struct mc_span name = writer->binding->item->name;
    mc_buf_addf(writer->out,
                "%s%.*s",
                writer->module,
                (int) (name.end - name.start),
                writer->cell->source + name.start);
}

/* The name of an argument, where it has to be given by that. */
static void write_keyword(const struct writer *writer, const struct mc_arg *arg)
{
    if (arg->kind == MC_ARG_KEYWORD) {
        mc_buf_addf(writer->out,
                    "%.*s=",
                    (int) (arg->name.end - arg->name.start),
                    writer->cell->source + arg->name.start);
    }
}

static void write_scalar_call(const struct writer *writer)
{
    const struct mc_binding *binding = writer->binding;
    mc_buf_addf(writer->out, "%svar x = ", writer->indent);
    write_name(writer);
    mc_buf_adds(writer->out, binding->width ? "[1](" : "(");
    for (size_t i = 0; i < binding->n_args; i++) {
        const struct mc_type *type = &binding->args[i].type;
        mc_buf_adds(writer->out, i ? ", " : "");
        write_keyword(writer, binding->args[i].arg);
        if (type->scalar == MC_BOOL) {
            mc_buf_addf(writer->out, "mc_item[UInt8](a%zu) != 0", i);
        } else {
            mc_buf_addf(writer->out, "mc_item[%s](a%zu)", mc_scalars[type->scalar].name, i);
        }
    }
    mc_buf_adds(writer->out, ")\n");
    for (size_t i = 0; i < count_results(&binding->result); i++) {
        mc_buf_addf(writer->out,
                    "%smc_item[%s](b%zu) = x",
                    writer->indent,
                    mc_scalars[result_of(binding, i)->scalar].name,
                    i);
        if (binding->result.kind == MC_TYPE_TUPLE) {
            mc_buf_addf(writer->out, "[%zu]", i);
        }
        mc_buf_adds(writer->out, "\n");
    }
}

static void write_scalar(struct writer *writer)
{
    bool raises = writer->binding->item->def->raises;
    mc_buf_adds(writer->out, "    var i = 0\n");
    mc_buf_adds(writer->out, raises ? "    try:\n        while i < n:\n" : "    while i < n:\n");
    writer->indent = raises ? "            " : "        ";
    mc_buf_addf(
        writer->out, "%sr[unsafe_offset=%zu] = UInt64(i)\n", writer->indent, MC_LOOP_ELEMENT);
    write_scalar_call(writer);
    write_steps(writer, "");
    mc_buf_addf(writer->out, "%si += 1\n", writer->indent);
    if (raises) {
        mc_buf_adds(writer->out, "    except e:\n        return mc_raise(String(e), r)\n");
    }
}

/* "mc_lanes[DType.float64, W, 8](a0, s0)" */
static void write_lanes(const struct writer *writer, size_t i, const char *width)
{
    const struct mc_type *type = &writer->binding->args[i].type;
    bool is_bool = type->scalar == MC_BOOL;
    mc_autobuf dtype = MC_BUF_INIT;
    mc_lift_write_type(is_bool ? MC_UINT8 : type->scalar, width, &dtype);
    mc_buf_adds(writer->out, i ? ", " : "");
    write_keyword(writer, writer->binding->args[i].arg);
    mc_buf_addf(writer->out,
                "mc_lanes[%.*s, %zu](a%zu, s%zu)%s",
                (int) (dtype.length - strlen("SIMD[]")),
                dtype.data ? dtype.data + strlen("SIMD[") : "",
                size_of(type),
                i,
                i,
                is_bool ? ".ne(0)" : "");
}

static void write_wide_call(const struct writer *writer, const char *width)
{
    const struct mc_binding *binding = writer->binding;
    bool lifted = binding->how == MC_LOOP_LIFTED;
    mc_buf_addf(writer->out, "%svar x = ", writer->indent);
    if (lifted) {
        mc_buf_adds(writer->out, writer->module);
        mc_lift_write_name(writer->cell, binding, writer->out);
    } else {
        write_name(writer);
    }
    mc_buf_addf(writer->out, "[%s](", width);
    for (size_t i = 0; i < binding->n_args; i++) {
        write_lanes(writer, i, width);
    }
    mc_buf_adds(writer->out, ")\n");
    for (size_t i = 0; i < count_results(&binding->result); i++) {
        const struct mc_type *type = result_of(binding, i);
        mc_autobuf dtype = MC_BUF_INIT;
        mc_lift_write_type(type->scalar == MC_BOOL ? MC_UINT8 : type->scalar, width, &dtype);
        mc_buf_addf(writer->out,
                    "%smc_set_lanes[%.*s, %zu](b%zu, t%zu, x",
                    writer->indent,
                    (int) (dtype.length - strlen("SIMD[]")),
                    dtype.data ? dtype.data + strlen("SIMD[") : "",
                    size_of(type),
                    i,
                    i);
        if (binding->result.kind == MC_TYPE_TUPLE) {
            mc_buf_addf(writer->out, "[%zu]", i);
        }
        mc_buf_adds(writer->out, type->scalar == MC_BOOL ? ".cast[DType.uint8]())\n" : ")\n");
    }
}

/* The width of the longest elements: shorter ones are taken from half a register. */
static void write_width(const struct writer *writer)
{
    const struct mc_binding *binding = writer->binding;
    const struct mc_type *longest = &binding->args[0].type;
    for (size_t i = 0; i < binding->n_args + count_results(&binding->result); i++) {
        const struct mc_type *type =
            i < binding->n_args ? &binding->args[i].type : result_of(binding, i - binding->n_args);
        longest = size_of(type) > size_of(longest) ? type : longest;
    }
    mc_buf_addf(
        writer->out, "    comptime W = mc_width_of[DType.uint%zu]()\n", 8 * size_of(longest));
}

static void write_wide(struct writer *writer)
{
    write_width(writer);
    mc_buf_addf(writer->out,
                "    var i = 0\n"
                "    if a[unsafe_offset=%d] != 0:\n"
                "        while i + W <= n:\n"
                "            r[unsafe_offset=%zu] = UInt64(i)\n",
                MC_LOOP_TOGETHER,
                MC_LOOP_ELEMENT);
    writer->indent = "            ";
    write_wide_call(writer, "W");
    write_steps(writer, "W * ");
    mc_buf_addf(writer->out,
                "            i += W\n"
                "    while i < n:\n"
                "        r[unsafe_offset=%zu] = UInt64(i)\n",
                MC_LOOP_ELEMENT);
    writer->indent = "        ";
    write_wide_call(writer, "1");
    write_steps(writer, "");
    mc_buf_adds(writer->out, "        i += 1\n");
}

void mc_loops_write_prelude(struct mc_buf *ret)
{
    mc_buf_adds(ret, prelude);
}

void mc_loop_write(const struct mc_cell *cell,
                   const struct mc_binding *binding,
                   const char *module,
                   struct mc_buf *ret)
{
    struct writer writer = {.out = ret, .cell = cell, .binding = binding, .module = module};
    mc_buf_addf(ret,
                "@export\ndef " MC_LOOP_PREFIX
                "%zu(a: mc_words, r: mc_words) abi(\"C\") -> Int32:\n"
                "    var n = Int(a[unsafe_offset=%d])\n",
                binding->number,
                MC_LOOP_COUNT);
    write_places(&writer);
    if (binding->how == MC_LOOP_SCALAR) {
        write_scalar(&writer);
    } else {
        write_wide(&writer);
    }
    mc_buf_adds(ret, "    return 0\n");
}

json_t *mc_loop_json(const struct mc_binding *binding)
{
    static const char *const names[] = {
        [MC_LOOP_SCALAR] = "scalar", [MC_LOOP_LIFTED] = "lifted", [MC_LOOP_WIDTH] = "width"};
    return json_pack("{s:s, s:s?}", "how", names[binding->how], "reason", binding->reason);
}

bool mc_bindings_have_loops(const struct mc_bindings *bindings)
{
    for (size_t i = 0; i < bindings->count; i++) {
        if (!bindings->items[i].skipped && bindings->items[i].how != MC_LOOP_NONE) {
            return true;
        }
    }
    return false;
}

#include "mojo/thunk_source.h"

#include "abi/kind.h"
#include "abi/thunk.h"
#include "base/mem.h"
#include "mojo/lex.h"
#include "mojo/loop_source.h"

#include <string.h>

/* What the thunks are made of. It also stands behind a cell's own definitions, so all its names
 * begin with mc_ and it uses no function of the standard library that a cell may have its own of.
 * What is not used is not compiled.
 *
 * - A function that prints comes first: the compiler (1.2) resolves the declarations of the
 *   standard library in the order in which it meets them, and goes in circles from some of them.
 * - Memory of results is the C library's, so that nobody needs to know how Mojo got its own. */
static const char prelude[] =
    "\n\n"
    "from std.ffi import external_call as mc_external\n"
    "from std.io import print as mc_print\n"
    "\n\n"
    "def mc_settle():\n"
    "    mc_print()\n"
    "\n\n"
    "comptime mc_words = Pointer[UInt64, MutAnyOrigin]\n"
    "comptime mc_bytes = Pointer[UInt8, MutAnyOrigin]\n"
    "\n\n"
    "@always_inline\n"
    "def mc_word[T: AnyType](words: mc_words, i: Int) -> ref [MutAnyOrigin] T:\n"
    "    return Pointer[T, MutAnyOrigin](unsafe_from_address=Int(words) + 8 * i)[]\n"
    "\n\n"
    "@always_inline\n"
    "def mc_at[T: AnyType](a: mc_words, i: Int) -> Pointer[T, MutAnyOrigin]:\n"
    "    var address = Int(a[unsafe_offset=i])\n"
    "    return Pointer[T, MutAnyOrigin](unsafe_from_address=address if address != 0 else 64)\n"
    "\n\n"
    "@always_inline\n"
    "def mc_text(a: mc_words, i: Int) -> String:\n"
    "    return String(unsafe_from_utf8=Span[UInt8, ImmutAnyOrigin](unsafe_ptr=mc_at[UInt8](a, i), "
    "length=Int(a[unsafe_offset=i + 1])))\n"
    "\n\n"
    "def mc_copy(source: Int, count: Int, to: mc_bytes):\n"
    "    var p = mc_bytes(unsafe_from_address=source)\n"
    "    var k = 0\n"
    "    while k < count:\n"
    "        to[unsafe_offset=k] = p[unsafe_offset=k]\n"
    "        k += 1\n"
    "\n\n"
    "def mc_put(source: Int, size: Int, count: Int, r: mc_words, i: Int):\n"
    "    r[unsafe_offset=i] = 0\n"
    "    r[unsafe_offset=i + 1] = UInt64(count)\n"
    "    if count > 0:\n"
    "        var to = mc_external[\"malloc\", mc_bytes](count * size)\n"
    "        mc_copy(source, count * size, to)\n"
    "        r[unsafe_offset=i] = UInt64(Int(to))\n"
    "\n\n"
    "def mc_put_text(x: String, r: mc_words, i: Int):\n"
    "    mc_put(Int(x.unsafe_ptr()), 1, x.byte_length(), r, i)\n"
    "\n\n"
    "def mc_block(size: Int, count: Int, r: mc_words, i: Int) -> mc_words:\n"
    "    var block = mc_external[\"malloc\", mc_words](size)\n"
    "    block[unsafe_offset=0] = UInt64(count)\n"
    "    r[unsafe_offset=i] = UInt64(Int(block))\n"
    "    r[unsafe_offset=i + 1] = UInt64(size)\n"
    "    return block\n"
    "\n\n"
    "def mc_text_words(x: String) -> Int:\n"
    "    return 1 + (x.byte_length() + 7) // 8\n"
    "\n\n"
    "def mc_add_text(x: String, r: mc_words, k: Int) -> Int:\n"
    "    r[unsafe_offset=k] = UInt64(x.byte_length())\n"
    "    mc_copy(Int(x.unsafe_ptr()), x.byte_length(), "
    "mc_bytes(unsafe_from_address=Int(r) + 8 * (k + 1)))\n"
    "    return k + mc_text_words(x)\n"
    "\n\n"
    "def mc_put_texts(x: List[String], r: mc_words, i: Int):\n"
    "    var words = 1\n"
    "    var k = 0\n"
    "    while k < x.__len__():\n"
    "        words += mc_text_words(x[k])\n"
    "        k += 1\n"
    "    var block = mc_block(8 * words, k, r, i)\n"
    "    var at = 1\n"
    "    k = 0\n"
    "    while k < x.__len__():\n"
    "        at = mc_add_text(x[k], block, at)\n"
    "        k += 1\n"
    "\n\n"
    "def mc_next_text(block: mc_words, k: Int) -> String:\n"
    "    var n = Int(block[unsafe_offset=k])\n"
    "    var p = mc_bytes(unsafe_from_address=Int(block) + 8 * (k + 1))\n"
    "    return String(unsafe_from_utf8=Span[UInt8, ImmutAnyOrigin](unsafe_ptr=p, length=n))\n"
    "\n\n"
    "def mc_texts(a: mc_words, i: Int) -> List[String]:\n"
    "    var block = mc_at[UInt64](a, i)\n"
    "    var count = Int(block[unsafe_offset=0])\n"
    "    var x = List[String](capacity=count)\n"
    "    var k = 1\n"
    "    while x.__len__() < count:\n"
    "        var text = mc_next_text(block, k)\n"
    "        k += mc_text_words(text)\n"
    "        x.append(text)\n"
    "    return x^\n"
    "\n\n"
    "def mc_raise(x: String, r: mc_words) -> Int32:\n"
    "    var n = x.byte_length()\n"
    "    r[unsafe_offset=0] = UInt64(n)\n"
    "    mc_copy(Int(x.unsafe_ptr()), n if n < 4096 else 4096, "
    "mc_bytes(unsafe_from_address=Int(r) + 8))\n"
    "    return 1\n";

/* The names of the standard library in all this. */
static const char *const used_names[] = {"AnyType",  "Bool",    "DType", "Dict",   "ImmutAnyOrigin",
                                         "Int",      "Int32",   "Int64", "List",   "MutAnyOrigin",
                                         "Optional", "Pointer", "SIMD",  "Scalar", "Span",
                                         "String",   "UInt64",  "UInt8", "range",  NULL};

/* free() by another name: std has declared that one in its own way, which input() brings along, and
 * the compiler takes no second declaration. */
static const char release[] = "\n\n"
                              "@export\n"
                              "def " MC_THUNK_RELEASE "(p: mc_bytes) abi(\"C\"):\n"
                              "    _ = mc_external[\"realloc\", mc_bytes](p, 0)\n";

_Static_assert(MC_THUNK_ERROR_MAX == 4096, "mc_raise has the number as well");

struct writer {
    struct mc_buf *out;
    const struct mc_cell *cell;
    const struct mc_binding *binding;
    const char *module; /* put before the function's name */
};

/* ---- arguments ---- */

static void
write_variables(struct mc_buf *out, const struct mc_binding *binding, const char *indent)
{
    size_t at = binding->masked ? 1 : 0;
    for (size_t i = 0; i < binding->n_args; i++) {
        const struct mc_type *type = &binding->args[i].type;
        mc_buf_addf(out, "%svar a%zu = ", indent, i);
        mc_type_write_argument(type, at, out);
        mc_buf_adds(out, "\n");
        at += type->words;
    }
}

/* Whether it is not simply copied. */
static bool is_handed_on(const struct mc_type *type)
{
    bool handed = mc_type_owns_memory(type) || type->kind == MC_TYPE_RECORD;
    for (size_t i = 0; i < type->count; i++) {
        handed = handed || is_handed_on(&type->items[i]);
    }
    return handed;
}

/* `left_out`: bit k for the k-th argument with a computed default. */
static void write_call(const struct writer *writer, unsigned left_out)
{
    struct mc_buf *out = writer->out;
    const struct mc_cell *cell = writer->cell;
    const struct mc_binding *binding = writer->binding;
    struct mc_span name = binding->item->name;
    size_t computed = 0;
    bool named = false;
    const char *comma = "";
    mc_buf_addf(out,
                "%s%.*s%s(",
                writer->module,
                (int) (name.end - name.start),
                cell->source + name.start,
                binding->width ? "[1]" : "");
    for (size_t i = 0; i < binding->n_args; i++) {
        const struct mc_binding_arg *bound = &binding->args[i];
        bool gone = bound->computed && (left_out >> computed & 1);
        computed += bound->computed ? 1 : 0;
        if (gone) {
            named = true;
            continue;
        }
        struct mc_span arg = bound->arg->name;
        mc_buf_adds(out, comma);
        if (named || bound->arg->kind == MC_ARG_KEYWORD) {
            mc_buf_addf(out, "%.*s=", (int) (arg.end - arg.start), cell->source + arg.start);
        }
        mc_buf_addf(out, "a%zu%s", i, bound->consumed && is_handed_on(&bound->type) ? "^" : "");
        comma = ", ";
    }
    mc_buf_adds(out, ")");
}

/* Text that is lent to the function stays until it has returned. */
static void write_kept(struct mc_buf *out, const struct mc_binding *binding, const char *indent)
{
    for (size_t i = 0; i < binding->n_args; i++) {
        if (binding->args[i].slice) {
            mc_buf_addf(out, "%s_ = a%zu^\n", indent, i);
        }
    }
}

/* ---- the result ---- */

/* One call and what becomes of its result. */
static void write_body(const struct writer *writer, unsigned left_out, const char *indent)
{
    struct mc_buf *out = writer->out;
    const struct mc_binding *binding = writer->binding;
    mc_buf_adds(out, indent);
    mc_buf_adds(out, binding->result.kind == MC_TYPE_NONE ? "" : "var x = ");
    write_call(writer, left_out);
    mc_buf_adds(out, "\n");
    write_kept(out, binding, indent);
    mc_type_write_result(&binding->result, "x", (struct mc_word_place) {NULL, 0}, indent, out);
    mc_buf_addf(out, "%sreturn 0\n", indent);
}

/* A call for each set of arguments that may be left out: the mask tells which. */
static void write_bodies(const struct writer *writer, const char *indent)
{
    struct mc_buf *out = writer->out;
    const struct mc_binding *binding = writer->binding;
    unsigned computed = 0;
    for (size_t i = 0; i < binding->n_args; i++) {
        computed += binding->args[i].computed ? 1 : 0;
    }
    mc_autobuf deeper = MC_BUF_INIT;
    mc_buf_addf(&deeper, "%s    ", indent);
    for (unsigned left_out = 1; left_out < 1U << computed; left_out++) {
        const char *word = "if";
        unsigned k = 0;
        mc_buf_adds(out, indent);
        for (size_t i = 0; i < binding->n_args; i++) {
            if (binding->args[i].computed) {
                bool gone = left_out >> k++ & 1;
                mc_buf_addf(out, "%s (a[] >> %zu) & 1 == %d", word, i, gone ? 0 : 1);
                word = " and";
            }
        }
        mc_buf_adds(out, ":\n");
        write_body(writer, left_out, deeper.data);
    }
    write_body(writer, 0, indent);
}

/* ---- a thunk ---- */

static void write_thunk(const struct writer *writer)
{
    struct mc_buf *out = writer->out;
    const struct mc_binding *binding = writer->binding;
    bool raises = binding->item->def->raises;
    const char *indent = raises ? "        " : "    ";
    mc_buf_addf(out,
                "@export\ndef " MC_THUNK_PREFIX
                "%zu(a: mc_words, r: mc_words) abi(\"C\") -> Int32:\n",
                binding->number);
    mc_buf_adds(out, raises ? "    try:\n" : "");
    write_variables(out, binding, indent);
    write_bodies(writer, indent);
    if (raises) {
        mc_buf_adds(out, "    except e:\n        return mc_raise(String(e), r)\n");
    }
}

/* ---- what they use ---- */

/* Once each. */
static void write_import(struct mc_buf *out, const struct mc_type *type)
{
    const char *line = mc_kind_of(type)->import;
    if (line && !(out->data && strstr(out->data, line))) {
        mc_buf_addf(out, "\n\n%s", line);
    }
    for (size_t i = 0; i < type->count; i++) {
        write_import(out, &type->items[i]);
    }
}

static void write_imports_of_inputs(struct mc_buf *out, const struct mc_cell_io *io)
{
    for (size_t i = 0; io && i < io->n_inputs; i++) {
        write_import(out, &io->inputs[i].type);
    }
}

static void write_imports(const struct mc_bindings *bindings, struct mc_buf *out)
{
    for (size_t i = 0; i < bindings->count; i++) {
        const struct mc_binding *binding = &bindings->items[i];
        for (size_t k = 0; !binding->skipped && k < binding->n_args; k++) {
            write_import(out, &binding->args[k].type);
        }
        if (!binding->skipped) {
            write_import(out, &binding->result);
        }
    }
    write_imports_of_inputs(out, bindings->cell->io);
}

/* Once each. */
static void write_helper(struct mc_buf *out, const struct mc_type *type, bool is_argument)
{
    const struct mc_kind *kind = mc_kind_of(type);
    void (*write)(const struct mc_type *type, struct mc_buf *ret) =
        is_argument ? kind->write_argument_helper : kind->write_helper;
    mc_autobuf helper = MC_BUF_INIT;
    if (write) {
        write(type, &helper);
        bool known = out->data && helper.data && strstr(out->data, helper.data);
        mc_buf_adds(out, known || !helper.data ? "" : helper.data);
        out->failed |= helper.failed;
    }
    for (size_t i = 0; i < type->count; i++) {
        write_helper(out, &type->items[i], is_argument);
    }
}

static void write_helpers(const struct mc_bindings *bindings, struct mc_buf *out)
{
    const struct mc_cell_io *io = bindings->cell->io;
    for (size_t i = 0; i < bindings->count; i++) {
        const struct mc_binding *binding = &bindings->items[i];
        for (size_t k = 0; !binding->skipped && k < binding->n_args; k++) {
            write_helper(out, &binding->args[k].type, true);
        }
        if (!binding->skipped) {
            write_helper(out, &binding->result, false);
        }
    }
    for (size_t i = 0; io && i < io->n_inputs; i++) {
        write_helper(out, &io->inputs[i].type, true);
    }
}

/* Whether a thunk or loop has a variable of the name: one of these letters, or a letter and a
 * number. */
static bool is_variable(const char *name, size_t length)
{
    size_t digits = 1;
    while (digits < length && name[digits] >= '0' && name[digits] <= '9') {
        digits++;
    }
    return digits == length && strchr(length == 1 ? "Wainrx" : "abst", *name);
}

bool mc_thunks_fit(const struct mc_cell *cell)
{
    for (size_t i = 0; i < cell->scan.count; i++) {
        const struct mc_item *item = &cell->scan.items[i];
        if (item->name.end > item->name.start &&
            is_variable(cell->source + item->name.start, item->name.end - item->name.start)) {
            return false;
        }
        for (const char *const *name = used_names; *name; name++) {
            size_t length = item->name.end - item->name.start;
            if (strlen(*name) == length &&
                memcmp(*name, cell->source + item->name.start, length) == 0) {
                return false;
            }
        }
    }
    return true;
}

static void write_any(struct mc_buf *out, const struct mc_type *type, uint64_t tag)
{
    mc_buf_adds(out, "\n\ndef mc_put_any(x: ");
    mc_type_write_mojo(type, out);
    mc_buf_addf(
        out, ", r: mc_words, i: Int):\n    r[unsafe_offset=i] = %llu\n", (unsigned long long) tag);
    mc_kind_of(type)->write_any(type, out);
}

static void write_scalars(struct mc_buf *out, enum mc_type_kind kind)
{
    bool has_scalar = kind == MC_TYPE_SCALAR || mc_kinds[kind]->inside == MC_INSIDE_SCALAR;
    int scalars = !mc_kinds[kind]->write_any ? 0 : has_scalar ? MC_SCALAR_COUNT : 1;
    for (int scalar = 0; scalar < scalars; scalar++) {
        write_any(
            out, &(struct mc_type) {.kind = kind, .scalar = scalar}, MC_ANY_TAG(kind, scalar));
    }
}

/* Those that Python has types for: each is a function more to read. */
static void write_dicts(struct mc_buf *out)
{
    static const unsigned keys[] = {MC_SCALAR_COUNT, MC_INT};
    static const unsigned values[] = {MC_SCALAR_COUNT, MC_INT, MC_FLOAT64, MC_BOOL};
    for (size_t k = 0; k < MC_LENGTH(keys); k++) {
        for (size_t v = 0; v < MC_LENGTH(values); v++) {
            struct mc_any any;
            uint64_t tag = MC_ANY_DICT(keys[k], values[v]);
            if (mc_type_of_any(tag, &any) == 0) {
                mc_kind_dict.write_helper(&any.type, out);
                write_any(out, &any.type, tag);
            }
        }
    }
}

/* Of what is none of the other overloads': nothing, or arrays. Only a cell that imports the package
 * has those. */
static void write_other(const struct mc_cell *cell, struct mc_buf *out)
{
    bool arrays = strstr(cell->source, "mojocell");
    mc_buf_addf(out,
                "%s\n\ndef mc_put_any[T: AnyType](x: T, r: mc_words, i: Int):\n"
                "    r[unsafe_offset=i] = %llu\n",
                arrays ? "\n\nfrom mojocell.ndarray import Given as mc_Given\n" : "",
                (unsigned long long) MC_ANY_UNKNOWN);
    mc_buf_adds(out, arrays ? "    comptime if conforms_to(T, mc_Given):\n" : "");
    for (int scalar = 0; arrays && scalar < MC_SCALAR_COUNT; scalar++) {
        struct mc_type type = {.kind = MC_TYPE_NDARRAY, .scalar = scalar};
        mc_buf_adds(out, "        comptime if T.given_dtype == ");
        mc_kind_write_dtype(&type, out);
        mc_buf_addf(out,
                    ":\n            r[unsafe_offset=i] = %llu + (UInt64(T.given_rank) << 24)\n"
                    "            x.give_copy(Int(r) + 8 * (i + 1))\n",
                    (unsigned long long) MC_ANY_NDARRAY(0, scalar));
    }
}

/* One overload for each type that crosses; another one for what does not. */
void mc_thunks_write_outputs(const struct mc_cell *cell, struct mc_buf *ret)
{
    mc_buf_adds(ret, prelude);
    write_other(cell, ret);
    for (int kind = 0; kind < MC_TYPE_COUNT; kind++) {
        if (kind != MC_TYPE_DICT) {
            write_scalars(ret, kind);
        }
    }
    write_dicts(ret);
    write_imports_of_inputs(ret, cell->io);
}

/* The thunk of a cell that takes and gives values: what it was given before it raised is lost. */
static void write_run(struct mc_buf *out, const struct mc_cell_io *io)
{
    size_t at = 0;
    mc_buf_adds(out,
                "\n\n@export\n"
                "def " MC_THUNK_RUN "(a: mc_words, r: mc_words) abi(\"C\") -> Int32:\n"
                "    try:\n");
    for (size_t i = 0; i < io->n_outputs; i++) {
        mc_buf_addf(out, "        r[unsafe_offset=%zu] = 0\n", MC_ANY_WORDS * i);
    }
    for (size_t i = 0; i < io->n_inputs; i++) {
        mc_buf_addf(out, "        var a%zu = ", i);
        mc_type_write_argument(&io->inputs[i].type, at, out);
        mc_buf_adds(out, "\n");
        at += io->inputs[i].type.words;
    }
    mc_buf_adds(out, "        m.mc_run(");
    for (size_t i = 0; i < io->n_inputs; i++) {
        mc_buf_addf(out, "a%zu, ", i);
    }
    mc_buf_adds(out,
                "r)\n"
                "        return 0\n"
                "    except e:\n"
                "        return mc_raise(String(e), r)\n");
}

int mc_thunks_write(struct mc_bindings *bindings, const char *module, struct mc_buf *ret)
{
    struct writer writer = {.out = ret, .cell = bindings->cell, .module = module};
    const struct mc_cell_io *io = bindings->cell->io;
    bool owns = io != NULL;
    mc_buf_adds(ret, prelude);
    write_imports(bindings, ret);
    if (mc_bindings_have_loops(bindings)) {
        mc_loops_write_prelude(ret);
    }
    mc_bind_write_records(bindings, module, ret);
    write_helpers(bindings, ret);
    for (size_t i = 0; i < bindings->count && !ret->failed; i++) {
        struct mc_binding *binding = &bindings->items[i];
        if (!binding->skipped) {
            mc_buf_adds(ret, "\n\n");
            binding->first_line = 1 + mc_lex_count_lines(ret->data, ret->length);
            writer.binding = binding;
            if (binding->how == MC_LOOP_NONE) {
                write_thunk(&writer);
            } else {
                mc_loop_write(bindings->cell, binding, module, ret);
            }
            binding->last_line = mc_lex_count_lines(ret->data, ret->length);
            owns = owns || mc_type_owns_memory(&binding->result);
        }
    }
    if (io) {
        write_run(ret, io);
    }
    mc_buf_adds(ret, owns ? release : "");
    return ret->failed ? -1 : 0;
}

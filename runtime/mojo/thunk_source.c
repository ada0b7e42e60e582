#include "mojo/thunk_source.h"

#include "abi/thunk.h"
#include "mojo/lex.h"

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
    "def mc_raise(x: String, r: mc_words) -> Int32:\n"
    "    var n = x.byte_length()\n"
    "    r[unsafe_offset=0] = UInt64(n)\n"
    "    mc_copy(Int(x.unsafe_ptr()), n if n < 4096 else 4096, "
    "mc_bytes(unsafe_from_address=Int(r) + 8))\n"
    "    return 1\n";

/* The names of the standard library in all this. */
static const char *const used_names[] = {"AnyType",
                                         "Bool",
                                         "ImmutAnyOrigin",
                                         "Int",
                                         "Int32",
                                         "Int64",
                                         "List",
                                         "MutAnyOrigin",
                                         "Optional",
                                         "Pointer",
                                         "Span",
                                         "String",
                                         "UInt64",
                                         "UInt8",
                                         NULL};

static const char release[] = "\n\n"
                              "@export\n"
                              "def " MC_THUNK_RELEASE "(p: mc_bytes) abi(\"C\"):\n"
                              "    mc_external[\"free\", NoneType](p)\n";

_Static_assert(MC_THUNK_ERROR_MAX == 4096, "mc_raise has the number as well");

struct writer {
    struct mc_buf *out;
    const struct mc_cell *cell;
    const struct mc_binding *binding;
    const char *module; /* put before the function's name */
};

void mc_bind_write_type(const struct mc_type *type, struct mc_buf *out)
{
    if (type->kind == MC_TYPE_SPAN) {
        mc_buf_addf(out,
                    "Span[%s, %s]",
                    mc_scalars[type->scalar].name,
                    type->writable ? "MutAnyOrigin" : "ImmutAnyOrigin");
    } else if (type->kind == MC_TYPE_OPTIONAL) {
        mc_buf_adds(out, "Optional[");
        mc_bind_write_type(&type->items[0], out);
        mc_buf_adds(out, "]");
    } else {
        mc_type_write(type, out);
    }
}

/* ---- arguments ---- */

static void write_scalar(struct mc_buf *out, enum mc_scalar scalar, size_t at)
{
    const char *name = mc_scalars[scalar].name;
    if (scalar == MC_BOOL) {
        mc_buf_addf(out, "(a[unsafe_offset=%zu] != 0)", at);
    } else if (mc_scalars[scalar].kind == 'f') {
        mc_buf_addf(out, "mc_word[%s](a, %zu)", name, at);
    } else {
        mc_buf_addf(out, "%s(a[unsafe_offset=%zu])", name, at);
    }
}

/* The expression of the argument whose words begin at `at`. */
static void write_value(struct mc_buf *out, const struct mc_type *type, size_t at)
{
    const char *name = mc_scalars[type->scalar].name;
    switch (type->kind) {
    case MC_TYPE_SCALAR:
        write_scalar(out, type->scalar, at);
        return;
    case MC_TYPE_STRING:
        mc_buf_addf(out, "mc_text(a, %zu)", at);
        return;
    case MC_TYPE_SPAN:
        mc_bind_write_type(type, out);
        mc_buf_addf(out,
                    "(unsafe_ptr=mc_at[%s](a, %zu), length=Int(a[unsafe_offset=%zu]))",
                    name,
                    at,
                    at + 1);
        return;
    case MC_TYPE_LIST:
        mc_buf_addf(out,
                    "List[%s](Span[%s, ImmutAnyOrigin](unsafe_ptr=mc_at[%s](a, %zu), "
                    "length=Int(a[unsafe_offset=%zu])))",
                    name,
                    name,
                    name,
                    at,
                    at + 1);
        return;
    case MC_TYPE_OPTIONAL:
        mc_bind_write_type(type, out);
        mc_buf_adds(out, "(");
        write_value(out, &type->items[0], at + 1);
        mc_buf_addf(out, ") if a[unsafe_offset=%zu] != 0 else ", at);
        mc_bind_write_type(type, out);
        mc_buf_adds(out, "(None)");
        return;
    case MC_TYPE_NONE:
    case MC_TYPE_TUPLE:
    case MC_TYPE_ANY:
        return;
    }
}

static void
write_variables(struct mc_buf *out, const struct mc_binding *binding, const char *indent)
{
    size_t at = binding->masked ? 1 : 0;
    for (size_t i = 0; i < binding->n_args; i++) {
        const struct mc_type *type = &binding->args[i].type;
        mc_buf_addf(out, "%svar a%zu = ", indent, i);
        write_value(out, type, at);
        mc_buf_adds(out, "\n");
        at += type->words;
    }
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
    mc_buf_addf(
        out, "%s%.*s(", writer->module, (int) (name.end - name.start), cell->source + name.start);
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
        mc_buf_addf(
            out, "a%zu%s", i, bound->consumed && mc_type_owns_memory(&bound->type) ? "^" : "");
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

static void write_result(struct mc_buf *out,
                         const struct mc_type *type,
                         const char *value,
                         size_t at,
                         const char *indent);

static void write_optional(struct mc_buf *out,
                           const struct mc_type *type,
                           const char *value,
                           size_t at,
                           const char *indent)
{
    mc_autobuf inner = MC_BUF_INIT;
    mc_autobuf deeper = MC_BUF_INIT;
    mc_buf_addf(&inner, "%s.value()", value);
    mc_buf_addf(&deeper, "%s    ", indent);
    mc_buf_addf(out, "%sr[unsafe_offset=%zu] = 0\n", indent, at);
    mc_buf_addf(out, "%sif %s:\n", indent, value);
    mc_buf_addf(out, "%sr[unsafe_offset=%zu] = 1\n", deeper.data, at);
    write_result(out, &type->items[0], inner.data, at + 1, deeper.data);
}

static void write_tuple(struct mc_buf *out,
                        const struct mc_type *type,
                        const char *value,
                        size_t at,
                        const char *indent)
{
    for (size_t i = 0; i < type->count; i++) {
        mc_autobuf item = MC_BUF_INIT;
        mc_buf_addf(&item, "%s[%zu]", value, i);
        write_result(out, &type->items[i], item.data, at, indent);
        at += type->items[i].words;
    }
}

static void write_scalar_result(
    struct mc_buf *out, enum mc_scalar scalar, const char *value, size_t at, const char *indent)
{
    const struct mc_scalar_info *info = &mc_scalars[scalar];
    if (info->kind == 'f') {
        mc_buf_addf(out, "%smc_word[%s](r, %zu) = %s\n", indent, info->name, at, value);
    } else if (info->kind == 'b') {
        mc_buf_addf(out, "%sr[unsafe_offset=%zu] = UInt64(Int(%s))\n", indent, at, value);
    } else {
        mc_buf_addf(out,
                    "%sr[unsafe_offset=%zu] = UInt64(%s(%s))\n",
                    indent,
                    at,
                    info->kind == 'i' ? "Int64" : "UInt64",
                    value);
    }
}

static void write_result(struct mc_buf *out,
                         const struct mc_type *type,
                         const char *value,
                         size_t at,
                         const char *indent)
{
    switch (type->kind) {
    case MC_TYPE_SCALAR:
        write_scalar_result(out, type->scalar, value, at, indent);
        return;
    case MC_TYPE_STRING:
        mc_buf_addf(out, "%smc_put_text(String(%s), r, %zu)\n", indent, value, at);
        return;
    case MC_TYPE_LIST:
        mc_buf_addf(
            out, "%smc_put_%s(%s, r, %zu)\n", indent, mc_scalars[type->scalar].name, value, at);
        return;
    case MC_TYPE_OPTIONAL:
        write_optional(out, type, value, at, indent);
        return;
    case MC_TYPE_TUPLE:
        write_tuple(out, type, value, at, indent);
        return;
    case MC_TYPE_NONE:
    case MC_TYPE_SPAN:
    case MC_TYPE_ANY:
        return;
    }
}

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
    write_result(out, &binding->result, "x", 0, indent);
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

static void note_lists(const struct mc_type *type, bool *used)
{
    if (type->kind == MC_TYPE_LIST) {
        used[type->scalar] = true;
    }
    for (size_t i = 0; i < type->count; i++) {
        note_lists(&type->items[i], used);
    }
}

static void write_lists(const struct mc_bindings *bindings, struct mc_buf *out)
{
    bool used[MC_SCALAR_COUNT] = {false};
    for (size_t i = 0; i < bindings->count; i++) {
        if (!bindings->items[i].skipped) {
            note_lists(&bindings->items[i].result, used);
        }
    }
    for (int i = 0; i < MC_SCALAR_COUNT; i++) {
        if (used[i]) {
            const char *name = mc_scalars[i].name;
            mc_buf_addf(out,
                        "\n\ndef mc_put_%s(x: List[%s], r: mc_words, i: Int):\n"
                        "    mc_put(Int(x.unsafe_ptr()), %d, x.__len__(), r, i)\n",
                        name,
                        name,
                        mc_scalars[i].size);
        }
    }
}

bool mc_thunks_fit(const struct mc_cell *cell)
{
    for (size_t i = 0; i < cell->scan.count; i++) {
        const struct mc_item *item = &cell->scan.items[i];
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

static void write_any_scalar(struct mc_buf *out, enum mc_scalar scalar)
{
    const struct mc_scalar_info *info = &mc_scalars[scalar];
    if (info->kind == 'f') {
        mc_buf_addf(out, "    mc_word[%s](r, i + 1) = x\n", info->name);
    } else {
        const char *cast = info->kind == 'b' ? "Int" : info->kind == 'i' ? "Int64" : "UInt64";
        mc_buf_addf(out, "    r[unsafe_offset=i + 1] = UInt64(%s(x))\n", cast);
    }
}

/* One overload for each type that crosses; another one for what does not. */
void mc_thunks_write_outputs(struct mc_buf *ret)
{
    static const char head[] = "x: %s%s%s, r: mc_words, i: Int):\n    r[unsafe_offset=i] = %llu\n";
    mc_buf_adds(ret, prelude);
    mc_buf_addf(ret,
                "\n\ndef mc_put_any[T: AnyType](x: T, r: mc_words, i: Int):\n"
                "    r[unsafe_offset=i] = %llu\n",
                (unsigned long long) MC_ANY_UNKNOWN);
    mc_buf_addf(ret,
                "\n\ndef mc_put_any(x: String, r: mc_words, i: Int):\n"
                "    r[unsafe_offset=i] = %llu\n    mc_put_text(x, r, i + 1)\n",
                (unsigned long long) MC_ANY_TAG(MC_TYPE_STRING, 0));
    for (int i = 0; i < MC_SCALAR_COUNT; i++) {
        const char *name = mc_scalars[i].name;
        mc_buf_adds(ret, "\n\ndef mc_put_any(");
        mc_buf_addf(ret, head, name, "", "", (unsigned long long) MC_ANY_TAG(MC_TYPE_SCALAR, i));
        write_any_scalar(ret, (enum mc_scalar) i);
        mc_buf_adds(ret, "\n\ndef mc_put_any(");
        mc_buf_addf(
            ret, head, "List[", name, "]", (unsigned long long) MC_ANY_TAG(MC_TYPE_LIST, i));
        mc_buf_addf(ret,
                    "    mc_put(Int(x.unsafe_ptr()), %d, x.__len__(), r, i + 1)\n",
                    mc_scalars[i].size);
    }
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
        mc_buf_addf(out, "        r[unsafe_offset=%zu] = 0\n", 3 * i);
    }
    for (size_t i = 0; i < io->n_inputs; i++) {
        mc_buf_addf(out, "        var a%zu = ", i);
        write_value(out, &io->inputs[i].type, at);
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
    write_lists(bindings, ret);
    for (size_t i = 0; i < bindings->count && !ret->failed; i++) {
        struct mc_binding *binding = &bindings->items[i];
        if (!binding->skipped) {
            mc_buf_adds(ret, "\n\n");
            binding->first_line = 1 + mc_lex_count_lines(ret->data, ret->length);
            writer.binding = binding;
            write_thunk(&writer);
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

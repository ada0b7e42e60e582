#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "mojo/scan.h"
#include "mojo/scan_imports.h"

#include <check.h>

#include <stdint.h>
#include <string.h>

static mc_err err;

static void
add_span(struct mc_buf *buf, const struct mc_scan *scan, const char *tag, struct mc_span span)
{
    if (span.end > span.start) {
        mc_buf_adds(buf, tag);
        mc_buf_add(buf, scan->tokens.source + span.start, span.end - span.start);
    }
}

/* The items as "kind name@line" between bars. */
static char *items_of(const char *source)
{
    mc_autoscan scan = MC_SCAN_INIT;
    mc_autobuf text = MC_BUF_INIT;
    ck_assert_int_eq(mc_scan(source, strlen(source), &scan, &err), 0);
    for (size_t i = 0; i < scan.count; i++) {
        const struct mc_item *item = &scan.items[i];
        mc_buf_addf(&text, "%s%s", i > 0 ? "|" : "", mc_item_kind_name(item->kind));
        add_span(&text, &scan, " ", item->name);
        mc_buf_addf(&text, "@%u", item->line);
        mc_buf_adds(&text, item->expression ? "!" : "");
        mc_buf_adds(&text, item->semicolon ? ";" : "");
    }
    return mc_buf_steal(&text);
}

#define ck_items(source, expected)                \
    do {                                          \
        mc_autofree char *got = items_of(source); \
        ck_assert_str_eq(got, (expected));        \
    } while (0)

/* The signature of the first item, each part with its mark. */
static char *signature_of(const char *source)
{
    static const char *const kinds[] = {"pos", "any", "kw", "*", "**"};
    mc_autoscan scan = MC_SCAN_INIT;
    mc_autobuf text = MC_BUF_INIT;
    ck_assert_int_eq(mc_scan(source, strlen(source), &scan, &err), 0);
    ck_assert_uint_gt(scan.count, 0);
    const struct mc_def *def = scan.items[0].def;
    ck_assert_ptr_nonnull(def);
    for (size_t i = 0; i < def->n_params + def->n_args; i++) {
        bool param = i < def->n_params;
        const struct mc_arg *arg = param ? &def->params[i] : &def->args[i - def->n_params];
        mc_buf_addf(&text, "%s%s", param ? "[" : "(", arg->inferred ? "inferred " : "");
        mc_buf_adds(&text, kinds[arg->kind]);
        add_span(&text, &scan, " <", arg->convention);
        add_span(&text, &scan, " ", arg->name);
        add_span(&text, &scan, ": ", arg->type);
        add_span(&text, &scan, " = ", arg->default_value);
        mc_buf_adds(&text, param ? "] " : ") ");
    }
    mc_buf_adds(&text, def->raises ? "raises " : "");
    add_span(&text, &scan, "error ", def->raises_type);
    add_span(&text, &scan, "-> ", def->returns);
    add_span(&text, &scan, " result ", def->result);
    add_span(&text, &scan, " where ", def->constraint);
    add_span(&text, &scan, " doc ", scan.items[0].docstring);
    mc_buf_adds(&text, def->complete ? "" : " incomplete");
    return mc_buf_steal(&text);
}

#define ck_signature(source, expected)                \
    do {                                              \
        mc_autofree char *got = signature_of(source); \
        ck_assert_str_eq(got, (expected));            \
    } while (0)

START_TEST(test_a_source_is_split_into_its_items)
{
    ck_items("import a\nfrom . import b\ndef f(): pass\nstruct S:\n  var x: Int\ntrait T: ...\n"
             "comptime N = 1\n__extension S:\n  pass\nx = 1\n",
             "import@1|import@2|def f@3|struct S@4|trait T@6|comptime N@7|extension S@8|"
             "statement@10");
    ck_items("# nothing\n\n", "");
}
END_TEST

START_TEST(test_older_keywords_are_known_and_are_names_elsewhere)
{
    ck_items("fn f(): pass\nalias N = 1\nlet x = 1\nasync fn g(): pass\nclass C: pass",
             "def f@1|comptime N@2|statement@3|def g@4|struct C@5");
    ck_items("fn = 1\nalias = 2\nfn(3)\nextension.x\nfrom_ = 1",
             "statement@1|statement@2|statement@3!|statement@4!|statement@5");
}
END_TEST

START_TEST(test_blocks_and_branches_are_one_item)
{
    ck_items("if a:\n  b\nelif c:\n\n# x\n  d\nelse: e\nfor i in j:\n  k\nelse:\n  l\n"
             "try:\n  m\nexcept e:\n  n\nfinally:\n  o\nwhile p: q; r\nz",
             "statement@1|statement@8|statement@12|statement@18|statement@19!");
}
END_TEST

START_TEST(test_semicolons_separate_simple_statements_only)
{
    ck_items("a; import b; c = ';';", "statement@1!;|import@1;|statement@1;");
    ck_items("def f(): a; b\nif x: c; d", "def f@1|statement@2");
}
END_TEST

START_TEST(test_comptime_blocks_are_statements)
{
    ck_items("comptime if a:\n  b\nelse:\n  c\ncomptime for i in range(3): d; e\n"
             "comptime assert x\ncomptime K[n: Int]: Int = n",
             "statement@1|statement@5|statement@6|comptime K@7");
}
END_TEST

START_TEST(test_bare_expressions_are_told_from_statements)
{
    ck_items(
        "f(a=1)\n\"doc\"\n-x\nnot y\n(a,\n b)\nlambda (x: Int) -> Int: x\na if b else c\na, b\nx^",
        "statement@1!|statement@2!|statement@3!|statement@4!|statement@5!|statement@7!|"
        "statement@8!|statement@9!|statement@10!");
    ck_items(
        "x = 1\nx += 1\nx: Int\nassert x\nraise E\nreturn x\npass\n...\nvar x\ndel x\nprint(1\n",
        "statement@1|statement@2|statement@3|statement@4|statement@5|statement@6|statement@7|"
        "statement@8|statement@9|statement@10|statement@11");
}
END_TEST

START_TEST(test_decorators_belong_to_their_definition)
{
    const char source[] = "@a\n@b(\n  1)\n# c\n\ndef f(): pass\n@p\nif x:\n  y\n";
    mc_autoscan scan = MC_SCAN_INIT;
    ck_assert_int_eq(mc_scan(source, strlen(source), &scan, &err), 0);
    ck_assert_uint_eq(scan.count, 2);
    const struct mc_item *f = &scan.items[0];
    ck_assert_int_eq(f->kind, MC_ITEM_DEF);
    ck_assert_uint_eq(f->n_decorators, 2);
    ck_assert_uint_eq(f->line, 6);
    ck_assert_uint_eq(f->first_line, 1);
    mc_autobuf text = MC_BUF_INIT;
    add_span(&text, &scan, "", f->decorators[1]);
    ck_assert_str_eq(text.data, "@b(\n  1)");
    ck_assert_int_eq(scan.items[1].kind, MC_ITEM_STATEMENT);
    ck_assert_uint_eq(scan.items[1].n_decorators, 1);
    ck_items("@a\n@b", "statement@2");
}
END_TEST

START_TEST(test_main_is_found_at_the_top_level_only)
{
    const char source[] = "def f():\n  def main(): pass\nstruct S:\n  def main(self): pass\n";
    mc_autoscan scan = MC_SCAN_INIT;
    ck_assert_int_eq(mc_scan(source, strlen(source), &scan, &err), 0);
    ck_assert_uint_eq(scan.main, SIZE_MAX);
    mc_scan_fini(&scan);
    ck_assert_int_eq(mc_scan("x\nfn main(): pass", 17, &scan, &err), 0);
    ck_assert_uint_eq(scan.main, 1);
}
END_TEST

START_TEST(test_strings_hide_definitions)
{
    ck_items("x = '''\ndef f(): pass\n'''\ny = \"\"\"\nimport a\n\"\"\"\n",
             "statement@1|statement@4");
}
END_TEST

START_TEST(test_arguments_have_kinds_types_and_defaults)
{
    ck_signature("def f(a: Int, /, b: List[Int, 2] = [1, 2], *, c: String = \"),\", d=1): pass",
                 "(pos a: Int) (any b: List[Int, 2] = [1, 2]) (kw c: String = \"),\") (kw d = 1) ");
    ck_signature("def f(*a: Int, b: Int, **c: Int): pass", "(* a: Int) (kw b: Int) (** c: Int) ");
    ck_signature("def f(\n  a: Int, # x,\n  b: Int,\n): pass", "(any a: Int) (any b: Int) ");
    ck_signature("def f(): pass", "");
}
END_TEST

START_TEST(test_conventions_are_words_before_names)
{
    ck_signature(
        "def f(mut a: Int, ref [o] b: Int, var *c: Int, read: Int, out d: Int, imm e: Int): pass",
        "(any <mut a: Int) (any <ref [o] b: Int) (* <var c: Int) (kw read: Int) "
        "(kw <out d: Int) (kw <imm e: Int) ");
    ck_signature("fn f(inout self, owned x: T, borrowed y: T): pass",
                 "(any <inout self) (any <owned x: T) (any <borrowed y: T) ");
}
END_TEST

START_TEST(test_parameters_are_read_like_arguments)
{
    ck_signature("def f[T: A & B, //, n: Int = 3, *, m: Int, *Ts: W](x: T): pass",
                 "[inferred any T: A & B] [any n: Int = 3] [kw m: Int] [* Ts: W] (any x: T) ");
}
END_TEST

START_TEST(test_effects_returns_and_constraints_are_found)
{
    ck_signature("def f() raises -> Int: return 1", "raises -> Int");
    ck_signature("def f() raises E[a, b] abi(\"C\") -> Dict[a, b]: return 1",
                 "raises error E[a, b]-> Dict[a, b]");
    ck_signature("def f() abi(\"C\") raises: pass", "raises ");
    ck_signature("def f[n: Int]() -> Int where n > 3: return 1", "[any n: Int] -> Int where n > 3");
    ck_signature("def f(g: def(Int) raises -> Int) -> def(x: Int) -> Int: return g",
                 "(any g: def(Int) raises -> Int) -> def(x: Int) -> Int");
    ck_signature("fn f() -> out r: Int: r = 1", "-> Int result r");
    ck_signature("def f() -> Int:\n  \"\"\"A.\n  B.\"\"\"\n  return 1",
                 "-> Int doc \"\"\"A.\n  B.\"\"\"");
    ck_signature("def f(): \"x\" + y", "");
}
END_TEST

START_TEST(test_damaged_headers_are_read_as_far_as_they_go)
{
    ck_signature("def f(a: Int, b", "(any a: Int) (any b)  incomplete");
    ck_signature("def f", " incomplete");
    ck_signature("def f(", " incomplete");
    ck_signature("def f(, 1, =, a): pass", "(any a) ");
    ck_signature("def f[", " incomplete");
}
END_TEST

static int add_import(const struct mc_import *import, void *data)
{
    mc_buf_addf(data,
                "%s %s %s @%zu:%u|",
                import->module,
                import->name ? import->name : "-",
                import->as ? import->as : "-",
                import->offset,
                import->line);
    return strcmp(import->module, "stop") == 0 ? 7 : 0;
}

static int read_imports(const char *source, struct mc_buf *text)
{
    mc_autoscan scan = MC_SCAN_INIT;
    int ended = mc_scan(source, strlen(source), &scan, &err);
    for (size_t i = 0; ended == 0 && i < scan.count; i++) {
        const struct mc_item *item = &scan.items[i];
        const struct mc_cursor cursor = {
            .tokens = &scan.tokens, .at = item->first_token, .end = item->end_token};
        if (item->kind == MC_ITEM_IMPORT) {
            ended = mc_import_read(cursor, add_import, text, &err);
        }
    }
    return ended;
}

START_TEST(test_all_imports_are_walked)
{
    const char source[] = "import a.b as c, d\n"
                          "from ..e . f import (g as h,\n  i)\n"
                          "from . import j; from ...k import *\n"
                          "def f():\n"
                          "  from l import m\n"
                          "  if x: import n\n"
                          "'import o'\n"
                          "x.import = 3 # import p\n";
    mc_autobuf text = MC_BUF_INIT;
    ck_assert_int_eq(read_imports(source, &text), 0);
    ck_assert_str_eq(text.data,
                     "a.b - c @7:1|d - - @17:1|..e.f g h @24:2|..e.f i - @24:2|. j - @58:4|"
                     "...k * - @75:4|");
}
END_TEST

START_TEST(test_a_walk_over_imports_can_be_ended)
{
    mc_autobuf text = MC_BUF_INIT;
    const char source[] = "import a, stop, b\nimport c";
    ck_assert_int_eq(read_imports(source, &text), 7);
    ck_assert_str_eq(text.data, "a - - @7:1|stop - - @10:1|");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scan");
    TCase *tests = tcase_create("scan");
    tcase_add_test(tests, test_a_source_is_split_into_its_items);
    tcase_add_test(tests, test_older_keywords_are_known_and_are_names_elsewhere);
    tcase_add_test(tests, test_blocks_and_branches_are_one_item);
    tcase_add_test(tests, test_semicolons_separate_simple_statements_only);
    tcase_add_test(tests, test_comptime_blocks_are_statements);
    tcase_add_test(tests, test_bare_expressions_are_told_from_statements);
    tcase_add_test(tests, test_decorators_belong_to_their_definition);
    tcase_add_test(tests, test_main_is_found_at_the_top_level_only);
    tcase_add_test(tests, test_strings_hide_definitions);
    tcase_add_test(tests, test_arguments_have_kinds_types_and_defaults);
    tcase_add_test(tests, test_conventions_are_words_before_names);
    tcase_add_test(tests, test_parameters_are_read_like_arguments);
    tcase_add_test(tests, test_effects_returns_and_constraints_are_found);
    tcase_add_test(tests, test_damaged_headers_are_read_as_far_as_they_go);
    tcase_add_test(tests, test_all_imports_are_walked);
    tcase_add_test(tests, test_a_walk_over_imports_can_be_ended);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

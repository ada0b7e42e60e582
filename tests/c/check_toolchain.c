#include "base/fs.h"
#include "base/mem.h"
#include "mojo/command.h"
#include "mojo/toolchain.h"

#include <check.h>

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char *root; /* of the test, without symbolic links */

static void setup(void)
{
    char template[] = "/tmp/mc_check_toolchain.XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(template));
    root = realpath(template, NULL);
}

static void teardown(void)
{
    mc_err err;
    ck_assert_int_eq(mc_fs_remove(root, &err), 0);
    free(root);
}

static char *in_root(const char *path)
{
    char *whole = mc_fs_join(root, path);
    ck_assert_ptr_nonnull(whole);
    return whole;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    mc_err err;
    mc_autofree char *whole = in_root(path);
    mc_autofree char *directory = strdup(whole);
    *strrchr(directory, '/') = '\0';
    ck_assert_int_eq(mc_fs_mkdirs(directory, 0755, &err), 0);
    ck_assert_int_eq(mc_fs_write_atomic(whole, text, strlen(text), mode, &err), 0);
}

/* A compiler that answers two questions, and counts how often it was asked. */
static void make_toolchain(const char *at, const char *version)
{
    char path[512];
    char script[2048];
    snprintf(path, sizeof path, "%s/bin/mojo", at);
    snprintf(script,
             sizeof script,
             "#!/bin/sh\necho asked >> %s/asked\ncase $1 in\n--version) echo '%s' ;;\n"
             "*) printf 'Effective target configuration:\\n  --target-triple t\\n  --target-cpu "
             "c1\\n  --target-features +a,-b\\n' ;;\nesac\n",
             root,
             version);
    write_file(path, script, 0755);
    snprintf(path, sizeof path, "%s/lib/mojo/std.mojoc", at);
    write_file(path, "std", 0644);
    snprintf(path, sizeof path, "%s/lib/libKGENCompilerRTShared.so", at);
    write_file(path, "runtime", 0644);
    snprintf(path, sizeof path, "%s/bin/lld", at);
    write_file(path, "lld", 0755);
}

static size_t times_asked(void)
{
    mc_autobuf text = MC_BUF_INIT;
    mc_err err;
    mc_autofree char *path = in_root("asked");
    return mc_fs_read(path, 10000, &text, &err) < 0 ? 0 : text.length / strlen("asked\n");
}

/* What is found, below the test's root, after "how: "; or "code: message". */
static char *found(const struct mc_toolchain_hints *hints)
{
    mc_autofree char *at = NULL;
    const char *how = NULL;
    char *text = NULL;
    mc_err err = {0};
    if (mc_toolchain_find(hints, &at, &how, &err) < 0) {
        ck_assert_int_gt(asprintf(&text, "%s: %s", mc_code_name(err.code), err.message), 0);
    } else {
        const char *below = strncmp(at, root, strlen(root)) == 0 ? at + strlen(root) : at;
        ck_assert_int_gt(asprintf(&text, "%s: %s", how, below), 0);
    }
    return text;
}

#define ck_found(expected, setting, site_list, env)                  \
    do {                                                             \
        struct mc_toolchain_hints hints = {setting, site_list, env}; \
        mc_autofree char *got = found(&hints);                       \
        ck_assert_str_eq(got, expected);                             \
    } while (0)

static char *environment(const char *name, const char *path)
{
    char *text = NULL;
    ck_assert_int_gt(asprintf(&text, "%s=%s/%s", name, root, path), 0);
    return text;
}

START_TEST(test_the_places_are_looked_at_in_order)
{
    make_toolchain("explicit", "x");
    make_toolchain("variable", "x");
    make_toolchain("site/modular", "x");
    make_toolchain("conda", "x");
    make_toolchain("path", "x");
    mc_autofree char *explicit_path = in_root("explicit");
    mc_autofree char *site = in_root("site");
    mc_autofree char *variable = environment("MOJOCELL_TOOLCHAIN", "variable");
    mc_autofree char *conda = environment("CONDA_PREFIX", "conda");
    mc_autofree char *path = environment("PATH", "nothing:/relative/../x:/nowhere");
    mc_autofree char *path_last = NULL;
    ck_assert_int_gt(asprintf(&path_last, "%s:%s/path/bin", path, root), 0);
    char *sites[] = {site, NULL};
    char *all[] = {path_last, conda, variable, NULL};
    char *fewer[] = {path_last, conda, NULL};
    char *least[] = {path_last, NULL};
    ck_found("explicit: /explicit", explicit_path, sites, all);
    ck_found("environment: /variable", NULL, sites, all);
    ck_found("site: /site/modular", NULL, sites, fewer);
    ck_found("conda: /conda", NULL, NULL, fewer);
    ck_found("path: /path", NULL, NULL, least);
}
END_TEST

START_TEST(test_a_setting_may_be_a_program_a_root_or_an_environment)
{
    make_toolchain("venv/lib/python3.12/site-packages/modular", "x");
    write_file("venv/bin/mojo", "#!/usr/bin/python3\n", 0755);
    mc_autofree char *script = in_root("venv/bin/mojo");
    mc_autofree char *prefix = in_root("venv");
    mc_autofree char *site = in_root("venv/lib/python3.12/site-packages");
    mc_autofree char *modular = in_root("venv/lib/python3.12/site-packages/modular");
    mc_autofree char *binary = in_root("venv/lib/python3.12/site-packages/modular/bin/mojo");
    mc_autofree char *link = in_root("link");
    ck_assert_int_eq(symlink(script, link), 0);
    const char *const settings[] = {script, prefix, site, modular, binary, link};
    for (size_t i = 0; i < MC_LENGTH(settings); i++) {
        ck_found("explicit: /venv/lib/python3.12/site-packages/modular", settings[i], NULL, NULL);
    }
}
END_TEST

START_TEST(test_a_script_elsewhere_leads_to_its_interpreters_environment)
{
    char text[1024];
    make_toolchain("tool/lib/python3.11/site-packages/modular", "x");
    snprintf(text, sizeof text, "#!%s/tool/bin/python3.11\nimport mojo\n", root);
    write_file("a/bin/mojo", text, 0755);
    snprintf(text, sizeof text, "#!/bin/sh\n'''exec' \"%s/tool/bin/python\" \"$0\" \"$@\"\n", root);
    write_file("b/bin/mojo", text, 0755);
    mc_autofree char *a = in_root("a/bin/mojo");
    mc_autofree char *b = in_root("b/bin/mojo");
    ck_found("explicit: /tool/lib/python3.11/site-packages/modular", a, NULL, NULL);
    ck_found("explicit: /tool/lib/python3.11/site-packages/modular", b, NULL, NULL);
}
END_TEST

START_TEST(test_of_several_pythons_the_newest_is_taken)
{
    make_toolchain("venv/lib/python3.9/site-packages/modular", "x");
    make_toolchain("venv/lib/python3.12/site-packages/modular", "x");
    make_toolchain("venv/lib/python3.11/dist-packages/modular", "x");
    mc_autofree char *prefix = in_root("venv");
    ck_found("explicit: /venv/lib/python3.12/site-packages/modular", prefix, NULL, NULL);
}
END_TEST

START_TEST(test_a_setting_without_a_compiler_is_an_error_that_names_it)
{
    char expected[512];
    make_toolchain("conda", "x");
    write_file("empty/file", "x", 0644);
    mc_autofree char *empty = in_root("empty");
    mc_autofree char *missing = in_root("missing");
    mc_autofree char *conda = environment("CONDA_PREFIX", "conda");
    mc_autofree char *variable = environment("MOJOCELL_TOOLCHAIN", "empty");
    char *env[] = {conda, variable, NULL};
    snprintf(expected,
             sizeof expected,
             "toolchain_not_found: the toolchain '%s/empty' holds no Mojo compiler",
             root);
    ck_found(expected, empty, NULL, env);
    snprintf(expected,
             sizeof expected,
             "toolchain_not_found: MOJOCELL_TOOLCHAIN '%s/empty' holds no Mojo compiler",
             root);
    ck_found(expected, NULL, NULL, env);
    snprintf(expected,
             sizeof expected,
             "toolchain_not_found: the toolchain '%s/missing': No such file or directory",
             root);
    ck_found(expected, missing, NULL, env);
    ck_found(
        "toolchain_not_found: the toolchain 'mojo' is not an absolute path", "mojo", NULL, NULL);
}
END_TEST

START_TEST(test_nothing_found_says_where_it_looked)
{
    const char *const sites[] = {"/a/site-packages", NULL};
    const char *const env[] = {"CONDA_PREFIX=/conda", "PATH=/none", NULL};
    struct mc_toolchain_hints hints = {.sites = (char *const *) sites, .envp = (char *const *) env};
    mc_autofree char *at = NULL;
    mc_err err = {0};
    ck_assert_int_eq(mc_toolchain_find(&hints, &at, NULL, &err), -1);
    ck_assert_int_eq(err.code, MC_TOOLCHAIN_NOT_FOUND);
    ck_assert_str_eq(err.message,
                     "no Mojo compiler found; looked at /a/site-packages/modular, /conda, PATH");
    ck_assert_str_eq(err.hint, "pip install mojo");
}
END_TEST

static struct mc_toolchain *identified(const char *at, const char *memo)
{
    struct mc_toolchain *toolchain = NULL;
    mc_err err = {0};
    int r = mc_toolchain_identify(at, memo, &toolchain, &err);
    ck_assert_msg(r == 0, "%s", err.message);
    return toolchain;
}

static void same(const struct mc_toolchain *a, const struct mc_toolchain *b)
{
    mc_err err;
    json_t *x = NULL;
    json_t *y = NULL;
    ck_assert_int_eq(mc_toolchain_to_json(a, &x, &err), 0);
    ck_assert_int_eq(mc_toolchain_to_json(b, &y, &err), 0);
    ck_assert(json_equal(x, y));
    json_decref(x);
    json_decref(y);
}

START_TEST(test_a_toolchain_is_identified_once_and_again_when_it_changes)
{
    make_toolchain("t", "Mojo 1.2.3 (abc)");
    mc_autofree char *at = in_root("t");
    mc_autofree char *memo = in_root("memo/deep");
    struct mc_toolchain *first = identified(at, memo);
    ck_assert_str_eq(first->version, "1.2.3");
    ck_assert_str_eq(first->version_line, "Mojo 1.2.3 (abc)");
    ck_assert_str_eq(first->target_cpu, "c1");
    ck_assert_str_eq(first->target_features, "+a,-b");
    ck_assert(first->has_lld);
    ck_assert_uint_eq(first->libraries.count, 1);
    ck_assert_uint_eq(times_asked(), 2);

    struct mc_toolchain *again = identified(at, memo);
    ck_assert_uint_eq(times_asked(), 2);
    same(first, again);
    mc_toolchain_free(again);

    write_file("t/lib/mojo/std.mojoc", "other", 0644);
    struct mc_toolchain *other = identified(at, memo);
    ck_assert_uint_eq(times_asked(), 4);
    ck_assert_str_ne(other->identity, first->identity);
    ck_assert_str_eq(other->runtime, first->runtime);
    mc_toolchain_free(other);

    write_file("t/lib/libKGENCompilerRTShared.so", "other", 0644);
    other = identified(at, NULL);
    ck_assert_str_ne(other->runtime, first->runtime);
    mc_toolchain_free(other);
    mc_toolchain_free(first);
}
END_TEST

START_TEST(test_a_copy_elsewhere_has_the_same_identity)
{
    make_toolchain("t", "Mojo 1.2.3");
    mc_autofree char *at = in_root("t");
    mc_autofree char *moved = in_root("moved");
    struct mc_toolchain *first = identified(at, NULL);
    ck_assert_int_eq(rename(at, moved), 0);
    struct mc_toolchain *second = identified(moved, NULL);
    ck_assert_str_eq(first->identity, second->identity);
    ck_assert_str_eq(first->runtime, second->runtime);
    mc_toolchain_free(first);
    mc_toolchain_free(second);
}
END_TEST

START_TEST(test_a_damaged_memo_is_found_out_again)
{
    make_toolchain("t", "Mojo 1.2.3");
    mc_autofree char *at = in_root("t");
    mc_autofree char *memo = in_root("memo");
    mc_toolchain_free(identified(at, memo));
    DIR *dir = opendir(memo);
    size_t damaged = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] != '.') {
            char path[512];
            snprintf(path, sizeof path, "memo/%s", entry->d_name);
            write_file(path, "{\"root\": 1", 0600);
            damaged++;
        }
    }
    closedir(dir);
    ck_assert_uint_eq(damaged, 1);
    struct mc_toolchain *toolchain = identified(at, memo);
    ck_assert_uint_eq(times_asked(), 4);
    ck_assert_str_eq(toolchain->version, "1.2.3");
    mc_toolchain_free(toolchain);
}
END_TEST

static enum mc_code identify_error(const char *version, char *ret_message)
{
    struct mc_toolchain *toolchain = NULL;
    mc_err err = {0};
    make_toolchain("t", version);
    mc_autofree char *at = in_root("t");
    ck_assert_int_eq(mc_toolchain_identify(at, NULL, &toolchain, &err), -1);
    strcpy(ret_message, err.message);
    return err.code;
}

START_TEST(test_versions_before_1_are_refused)
{
    static const char *const old[] = {"Mojo 0.26.2.0 (d627decc)",
                                      "mojo 24.4.0 (2cb57382)",
                                      "mojo 26.1.0.dev2026 (abc)",
                                      "mojo 0.3.0"};
    char message[512];
    for (size_t i = 0; i < MC_LENGTH(old); i++) {
        ck_assert_int_eq(identify_error(old[i], message), MC_TOOLCHAIN_UNSUPPORTED);
        ck_assert_ptr_nonnull(strstr(message, "is too old: 1.0 or later is needed"));
    }
    ck_assert_int_eq(identify_error("hello", message), MC_TOOLCHAIN_FAILED);
    ck_assert_ptr_nonnull(strstr(message, "did not answer as a Mojo compiler does: 'hello'"));
    ck_assert_int_eq(identify_error("", message), MC_TOOLCHAIN_FAILED);
}
END_TEST

START_TEST(test_a_toolchain_without_its_runtime_library_is_an_error)
{
    struct mc_toolchain *toolchain = NULL;
    mc_err err = {0};
    make_toolchain("t", "Mojo 1.0.0");
    mc_autofree char *at = in_root("t");
    mc_autofree char *library = in_root("t/lib/libKGENCompilerRTShared.so");
    ck_assert_int_eq(unlink(library), 0);
    ck_assert_int_eq(mc_toolchain_identify(at, NULL, &toolchain, &err), -1);
    ck_assert_int_eq(err.code, MC_TOOLCHAIN_FAILED);
    ck_assert_ptr_nonnull(strstr(err.message, "has no libKGENCompilerRTShared.so"));
}
END_TEST

START_TEST(test_a_toolchain_comes_back_from_json_and_nothing_else_does)
{
    make_toolchain("t", "Mojo 1.2.3");
    mc_autofree char *at = in_root("t");
    struct mc_toolchain *toolchain = identified(at, NULL);
    struct mc_toolchain *back = NULL;
    json_t *json = NULL;
    const char *key;
    json_t *value;
    mc_err err;
    ck_assert_int_eq(mc_toolchain_to_json(toolchain, &json, &err), 0);
    ck_assert_int_eq(mc_toolchain_from_json(json, &back, &err), 0);
    same(toolchain, back);
    back = mc_toolchain_free(back);
    json_object_foreach(json, key, value)
    {
        json_t *damaged = json_copy(json);
        json_object_set_new(damaged, key, json_integer(1));
        ck_assert_int_eq(mc_toolchain_from_json(damaged, &back, &err), -1);
        ck_assert_int_eq(err.code, MC_INVALID_REQUEST);
        json_object_del(damaged, key);
        ck_assert_int_eq(mc_toolchain_from_json(damaged, &back, &err), -1);
        json_decref(damaged);
    }
    ck_assert_int_eq(mc_toolchain_from_json(NULL, &back, &err), -1);
    json_decref(json);
    mc_toolchain_free(toolchain);
}
END_TEST

/* With the real compiler. */

START_TEST(test_the_real_toolchain_tells_its_target_and_libraries)
{
    mc_autofree char *memo = in_root("memo");
    mc_autofree char *at = NULL;
    mc_err err = {0};
    struct mc_toolchain_hints hints = {.explicit_path = getenv("MOJOCELL_TEST_TOOLCHAIN")};
    ck_assert_int_eq(mc_toolchain_find(&hints, &at, NULL, &err), 0);
    struct mc_toolchain *toolchain = identified(at, memo);
    ck_assert_int_ge(strtol(toolchain->version, NULL, 10), 1);
    ck_assert_str_ne(toolchain->target_cpu, "");
    ck_assert_ptr_nonnull(strchr(toolchain->target_features, '+'));
    ck_assert_uint_eq(toolchain->libraries.count, 3);
    ck_assert_ptr_nonnull(strstr(toolchain->libraries.items[2], "libKGENCompilerRTShared.so"));
    struct mc_toolchain *again = identified(at, memo);
    same(toolchain, again);
    mc_toolchain_free(again);
    mc_toolchain_free(toolchain);
}
END_TEST

static int run(const struct mc_strv *argv, const struct mc_strv *env, const char *errors)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        if (freopen(errors, "w", stderr) != NULL) {
            execve(argv->items[0], argv->items, env->items);
        }
        _exit(127);
    }
    ck_assert_int_gt(pid, 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static bool file_has(const char *path, const char *text)
{
    mc_autobuf bytes = MC_BUF_INIT;
    mc_err err;
    ck_assert_int_eq(mc_fs_read(path, 64 << 20, &bytes, &err), 0);
    return memmem(bytes.data, bytes.length, text, strlen(text)) != NULL;
}

START_TEST(test_the_real_compiler_links_through_the_shim_alone)
{
    const char *real = getenv("MOJOCELL_TEST_TOOLCHAIN");
    struct mc_toolchain toolchain = {.root = (char *) real};
    mc_autofree char *entry = in_root("entry.mojo");
    mc_autofree char *output = in_root("out.so");
    mc_autofree char *home = in_root("home");
    mc_autofree char *errors = in_root("errors");
    mc_autostrv argv = MC_STRV_INIT;
    mc_autostrv env = MC_STRV_INIT;
    mc_err err;
    write_file("entry.mojo",
               "@export\ndef mc_test_thunk(x: Int64) abi(\"C\") -> Int64:\n    return x + 1\n",
               0644);
    struct mc_compile_spec spec = {.toolchain = &toolchain,
                                   .entry = entry,
                                   .output = output,
                                   .shim_dir = MC_TEST_SHIM_DIR,
                                   .path = "/nowhere",
                                   .tmp_dir = root,
                                   .home_dir = home};
    ck_assert_int_eq(mc_command_build(&spec, &argv, &env, &err), 0);
    ck_assert_int_eq(run(&argv, &env, errors), 0);
    ck_assert(file_has(output, "mc_test_thunk"));
    ck_assert(!file_has(output, "libKGENCompilerRTShared.so"));
    ck_assert(!file_has(output, real));

    /* Without the shim there is no cc: the link must fail, or the test above shows nothing. */
    mc_autostrv bare_argv = MC_STRV_INIT;
    mc_autostrv bare_env = MC_STRV_INIT;
    spec.shim_dir = NULL;
    ck_assert_int_eq(mc_command_build(&spec, &bare_argv, &bare_env, &err), 0);
    ck_assert_int_ne(run(&bare_argv, &bare_env, errors), 0);
}
END_TEST

START_TEST(test_the_shim_says_why_it_cannot_link)
{
    mc_autofree char *errors = in_root("errors");
    mc_autostrv env = MC_STRV_INIT;
    mc_autostrv odd = MC_STRV_INIT;
    mc_autostrv executable = MC_STRV_INIT;
    mc_strv_add(&env, "PATH=/nowhere:" MC_TEST_SHIM_DIR);
    mc_strv_add(&env, "ASAN_OPTIONS=detect_leaks=0");
    mc_strv_add(&odd, MC_TEST_SHIM_DIR "/cc");
    mc_strv_add(&odd, "-shared");
    mc_strv_add(&odd, "--strange");
    mc_strv_add(&odd, "-o");
    mc_strv_add(&odd, "/dev/null");
    ck_assert_int_ne(run(&odd, &env, errors), 0);
    ck_assert(file_has(errors, "mojocell: cannot link: unexpected argument: --strange"));
    mc_strv_add(&executable, MC_TEST_SHIM_DIR "/cc");
    mc_strv_add(&executable, "x.o");
    ck_assert_int_ne(run(&executable, &env, errors), 0);
    ck_assert(file_has(errors, "there is no C compiler (cc) on PATH, and this needs one"));
}
END_TEST

START_TEST(test_the_shim_falls_back_to_the_next_cc)
{
    mc_autofree char *errors = in_root("errors");
    mc_autofree char *seen = in_root("seen");
    mc_autostrv env = MC_STRV_INIT;
    mc_autostrv argv = MC_STRV_INIT;
    char script[1024];
    snprintf(script, sizeof script, "#!/bin/sh\necho \"$@\" > %s\n", seen);
    write_file("bin/cc", script, 0755);
    mc_strv_addf(&env, "PATH=%s:%s/bin", MC_TEST_SHIM_DIR, root);
    mc_strv_add(&env, "ASAN_OPTIONS=detect_leaks=0");
    mc_strv_addf(&env, "MODULAR_MAX_PACKAGE_ROOT=%s/none", root);
    static const char *const arguments[] = {MC_TEST_SHIM_DIR "/cc",
                                            "-shared",
                                            "-Wl,--whole-archive,x.a",
                                            "/t/lib/libKGENCompilerRTShared.so",
                                            "-Xlinker",
                                            "-rpath",
                                            "-Xlinker",
                                            "/t/lib",
                                            "-o",
                                            "out.so",
                                            "-Wl,--gc-sections",
                                            "-lm"};
    for (size_t i = 0; i < MC_LENGTH(arguments); i++) {
        mc_strv_add(&argv, arguments[i]);
    }
    ck_assert_int_eq(run(&argv, &env, errors), 0);
    ck_assert(file_has(seen,
                       "-shared -nostdlib -Wl,-Bsymbolic -Wl,--build-id=sha1 -Wl,--eh-frame-hdr "
                       "-Wl,-z,now -o out.so "
                       "-Xlinker --whole-archive x.a -Xlinker --gc-sections\n"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("toolchain");
    TCase *tcase = tcase_create("toolchain");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_the_places_are_looked_at_in_order);
    tcase_add_test(tcase, test_a_setting_may_be_a_program_a_root_or_an_environment);
    tcase_add_test(tcase, test_a_script_elsewhere_leads_to_its_interpreters_environment);
    tcase_add_test(tcase, test_of_several_pythons_the_newest_is_taken);
    tcase_add_test(tcase, test_a_setting_without_a_compiler_is_an_error_that_names_it);
    tcase_add_test(tcase, test_nothing_found_says_where_it_looked);
    tcase_add_test(tcase, test_a_toolchain_is_identified_once_and_again_when_it_changes);
    tcase_add_test(tcase, test_a_copy_elsewhere_has_the_same_identity);
    tcase_add_test(tcase, test_a_damaged_memo_is_found_out_again);
    tcase_add_test(tcase, test_versions_before_1_are_refused);
    tcase_add_test(tcase, test_a_toolchain_without_its_runtime_library_is_an_error);
    tcase_add_test(tcase, test_a_toolchain_comes_back_from_json_and_nothing_else_does);
    tcase_add_test(tcase, test_the_shim_says_why_it_cannot_link);
    tcase_add_test(tcase, test_the_shim_falls_back_to_the_next_cc);
    suite_add_tcase(suite, tcase);
    if (getenv("MOJOCELL_TEST_TOOLCHAIN") != NULL) {
        TCase *real = tcase_create("real compiler");
        tcase_add_checked_fixture(real, setup, teardown);
        tcase_set_timeout(real, 120);
        tcase_add_test(real, test_the_real_toolchain_tells_its_target_and_libraries);
        tcase_add_test(real, test_the_real_compiler_links_through_the_shim_alone);
        suite_add_tcase(suite, real);
    } else {
        puts("MOJOCELL_TEST_TOOLCHAIN is not set: nothing is tried with a real compiler");
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/strv.h"
#include "cache/store.h"

#include <check.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char root[64];
static char file[128];
static char dir[192];

static void key_of(int number, char ret[static 65])
{
    snprintf(ret, 65, "%02x%062d", number & 0xff, number);
}

static void make_place(void)
{
    mc_err err;
    snprintf(root, sizeof root, "/tmp/mc_check_store.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(file, sizeof file, "%s/artifact.so", root);
    snprintf(dir, sizeof dir, "%s/cache", root);
    char content[5000];
    memset(content, 'a', sizeof content);
    ck_assert_int_eq(mc_fs_write_atomic(file, content, sizeof content, 0600, &err), 0);
}

static void remove_place(void)
{
    mc_err err;
    ck_assert_int_eq(mc_fs_remove(root, &err), 0);
}

static struct mc_store *open_store(int64_t limit)
{
    mc_err err;
    struct mc_store *store = NULL;
    ck_assert_int_eq(mc_store_open(dir, limit, &store, &err), 0);
    return store;
}

static int publish(struct mc_store *store, int number, char **ret_artifact)
{
    char key[65];
    mc_err err = {0};
    struct mc_store_entry entry = {0};
    key_of(number, key);
    json_t *meta = json_pack("{s:i}", "number", number);
    int result = mc_store_publish(store, key, file, meta, &entry, &err);
    if (ret_artifact) {
        *ret_artifact = mc_take(&entry.artifact);
    }
    mc_store_entry_fini(&entry);
    json_decref(meta);
    return result < 0 ? (int) err.code : 0;
}

/* The number that was published with the key, or -1 where there is no entry. */
static int look_up(struct mc_store *store, int number)
{
    char key[65];
    struct mc_store_entry entry = {0};
    int found = -1;
    key_of(number, key);
    if (mc_store_lookup(store, key, &entry)) {
        found = (int) json_integer_value(json_object_get(entry.meta, "number"));
        ck_assert_int_eq(access(entry.artifact, R_OK), 0);
    }
    mc_store_entry_fini(&entry);
    return found;
}

static int64_t stat_of(struct mc_store *store, const char *name)
{
    json_t *stats = mc_store_stats(store);
    int64_t value = json_integer_value(json_object_get(stats, name));
    json_decref(stats);
    return value;
}

START_TEST(test_what_was_published_is_found_by_every_store)
{
    struct mc_store *store = open_store(0);
    ck_assert_int_eq(look_up(store, 1), -1);
    ck_assert_int_eq(publish(store, 1, NULL), 0);
    ck_assert_int_eq(look_up(store, 1), 1);
    store = mc_store_close(store);
    store = open_store(0);
    ck_assert_int_eq(look_up(store, 1), 1);
    ck_assert_int_eq(look_up(store, 2), -1);
    ck_assert_int_eq(stat_of(store, "entries"), 1);
    mc_store_close(store);
}
END_TEST

START_TEST(test_every_publication_has_a_path_of_its_own)
{
    struct mc_store *store = open_store(0);
    mc_autofree char *first = NULL;
    mc_autofree char *second = NULL;
    ck_assert_int_eq(publish(store, 1, &first), 0);
    ck_assert_int_eq(publish(store, 1, &second), 0);
    ck_assert_str_ne(first, second);
    ck_assert_int_eq(access(first, F_OK), -1);
    ck_assert_int_eq(look_up(store, 1), 1);
    mc_store_close(store);
}
END_TEST

/* The only file below the cache whose name ends so. */
static void find_file(const char *ending, char *ret, size_t room)
{
    char command[256];
    snprintf(command, sizeof command, "find %s/v1/?? -name '*%s'", dir, ending);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    ck_assert_ptr_nonnull(fgets(ret, (int) room, pipe));
    ret[strcspn(ret, "\n")] = '\0';
    pclose(pipe);
}

static void flip_byte(const char *path, off_t at)
{
    unsigned char byte;
    int fd = open(path, O_RDWR);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
    byte ^= 0x55;
    ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

START_TEST(test_any_flipped_byte_of_an_entry_is_a_counted_miss)
{
    struct mc_store *store = open_store(0);
    char path[320];
    struct stat st;
    ck_assert_int_eq(publish(store, 7, NULL), 0);
    find_file(".json", path, sizeof path);
    ck_assert_int_eq(stat(path, &st), 0);
    for (off_t at = 0; at < st.st_size; at++) {
        flip_byte(path, at);
        ck_assert_int_eq(look_up(store, 7), -1);
        ck_assert_int_eq(publish(store, 7, NULL), 0);
        ck_assert_int_eq(look_up(store, 7), 7);
    }
    ck_assert_int_eq(stat_of(store, "damaged"), st.st_size);
    mc_store_close(store);
}
END_TEST

START_TEST(test_a_changed_artifact_is_never_given_out)
{
    static const off_t places[] = {0, 1, 2500, 4999};
    char path[320];
    for (size_t i = 0; i < MC_LENGTH(places); i++) {
        struct mc_store *store = open_store(0);
        ck_assert_int_eq(publish(store, 7, NULL), 0);
        ck_assert_int_eq(look_up(store, 7), 7);
        find_file(".so", path, sizeof path);
        flip_byte(path, places[i]);
        ck_assert_int_eq(look_up(store, 7), -1);
        ck_assert_int_eq(access(path, F_OK), -1);
        ck_assert_int_eq(stat_of(store, "entries"), 0);
        mc_store_close(store);
    }
}
END_TEST

START_TEST(test_a_cut_or_missing_artifact_is_a_miss)
{
    struct mc_store *store = open_store(0);
    char path[320];
    ck_assert_int_eq(publish(store, 7, NULL), 0);
    find_file(".so", path, sizeof path);
    ck_assert_int_eq(truncate(path, 100), 0);
    ck_assert_int_eq(look_up(store, 7), -1);
    ck_assert_int_eq(publish(store, 7, NULL), 0);
    find_file(".so", path, sizeof path);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(look_up(store, 7), -1);
    mc_store_close(store);
}
END_TEST

START_TEST(test_entries_that_were_swapped_are_misses)
{
    struct mc_store *store = open_store(0);
    char a[65];
    char b[65];
    char from[320];
    char to[320];
    key_of(1, a);
    key_of(257, b);
    ck_assert_int_eq(publish(store, 1, NULL), 0);
    ck_assert_int_eq(publish(store, 257, NULL), 0);
    snprintf(from, sizeof from, "%s/v1/01/%s.json", dir, a);
    snprintf(to, sizeof to, "%s/v1/01/%s.json", dir, b);
    ck_assert_int_eq(rename(from, to), 0);
    ck_assert_int_eq(look_up(store, 257), -1);
    ck_assert_int_eq(look_up(store, 1), -1);
    mc_store_close(store);
}
END_TEST

START_TEST(test_the_least_recently_used_go_first_and_the_recent_stay)
{
    struct mc_store *store = open_store(10 * 5000);
    char key[65];
    char path[320];
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(publish(store, i, NULL), 0);
        key_of(i, key);
        snprintf(path, sizeof path, "%s/v1/%.2s/%s.json", dir, key, key);
        struct timespec times[2] = {{.tv_sec = time(NULL) - 1000 + i},
                                    {.tv_sec = time(NULL) - 1000 + i}};
        if (i < 18) {
            ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
        }
    }
    ck_assert_int_eq(look_up(store, 0), 0); /* used again: now the newest */
    mc_store_maintain(store);
    ck_assert_int_gt(stat_of(store, "evictions"), 8);
    ck_assert_int_le(stat_of(store, "bytes"), 10 * 5000);
    ck_assert_int_eq(look_up(store, 0), 0);
    ck_assert_int_eq(look_up(store, 1), -1);
    ck_assert_int_eq(look_up(store, 18), 18);
    ck_assert_int_eq(look_up(store, 19), 19);
    mc_store_close(store);
}
END_TEST

START_TEST(test_a_place_that_cannot_be_written_is_said_and_no_more)
{
    mc_err err;
    snprintf(dir, sizeof dir, "%s/cache", file); /* below a file */
    struct mc_store *store = open_store(0);
    ck_assert_int_eq(look_up(store, 1), -1);
    ck_assert_int_eq(publish(store, 1, NULL), MC_CACHE_UNAVAILABLE);
    json_t *stats = mc_store_stats(store);
    ck_assert_ptr_nonnull(json_object_get(stats, "problem"));
    json_decref(stats);
    int64_t entries;
    int64_t bytes;
    ck_assert_int_eq(mc_store_clear(store, &entries, &bytes, &err), 0);
    ck_assert_int_eq(entries, 0);
    mc_store_close(store);
}
END_TEST

static void check_refused(const char *place, const char *said)
{
    struct mc_store *store = open_store(0);
    ck_assert_int_eq(look_up(store, 1), -1);
    ck_assert_int_eq(publish(store, 2, NULL), MC_CACHE_UNAVAILABLE);
    json_t *stats = mc_store_stats(store);
    const char *problem = json_string_value(json_object_get(stats, "problem"));
    ck_assert_ptr_nonnull(problem);
    ck_assert_ptr_nonnull(strstr(problem, place));
    ck_assert_ptr_nonnull(strstr(problem, said));
    json_decref(stats);
    mc_store_close(store);
}

START_TEST(test_nothing_is_taken_from_directories_that_others_can_change)
{
    char places[3][256];
    char link[300];
    struct mc_store *store = open_store(0);
    ck_assert_int_eq(publish(store, 1, NULL), 0);
    mc_store_close(store);
    snprintf(places[0], sizeof places[0], "%s", dir);
    snprintf(places[1], sizeof places[1], "%s/v1", dir);
    snprintf(places[2], sizeof places[2], "%s/v1/01", dir);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(chmod(places[i], 0777), 0);
        check_refused(places[i], "is open to others");
        ck_assert_int_eq(chmod(places[i], 0755), 0);
        if (geteuid() == 0) {
            ck_assert_int_eq(chown(places[i], 4242, -1), 0);
            check_refused(places[i], "belongs to user 4242");
            ck_assert_int_eq(chown(places[i], 0, -1), 0);
        }
    }
    ck_assert_int_eq(chmod(places[2], 0777), 0);
    store = open_store(0);
    ck_assert_int_eq(look_up(store, 1), -1);
    ck_assert_int_eq(chmod(places[2], 0700), 0);
    ck_assert_int_eq(look_up(store, 1), 1);
    snprintf(link, sizeof link, "%s.moved", places[2]);
    ck_assert_int_eq(rename(places[2], link), 0);
    ck_assert_int_eq(symlink(link, places[2]), 0);
    ck_assert_int_eq(look_up(store, 1), -1);
    mc_store_close(store);
}
END_TEST

START_TEST(test_a_file_of_another_user_is_never_given_out)
{
    if (geteuid() != 0) {
        return; /* who is not root cannot make one */
    }
    for (int i = 0; i < 2; i++) {
        char key[65];
        char entry[320];
        mc_autofree char *artifact = NULL;
        struct mc_store *store = open_store(0);
        ck_assert_int_eq(publish(store, 1, &artifact), 0);
        key_of(1, key);
        snprintf(entry, sizeof entry, "%s/v1/%.2s/%s.json", dir, key, key);
        ck_assert_int_eq(chown(i ? artifact : entry, 4242, -1), 0);
        ck_assert_int_eq(look_up(store, 1), -1);
        ck_assert_int_eq(stat_of(store, "damaged"), i + 1);
        mc_store_close(store);
    }
}
END_TEST

START_TEST(test_what_a_clock_a_little_ahead_has_written_is_new)
{
    char key[65];
    char path[320];
    struct mc_store *store = open_store(10 * 5000);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(publish(store, i, NULL), 0);
        key_of(i, key);
        snprintf(path, sizeof path, "%s/v1/%.2s/%s.json", dir, key, key);
        struct timespec ahead[2] = {{.tv_sec = time(NULL) + 100}, {.tv_sec = time(NULL) + 100}};
        ck_assert_int_eq(utimensat(AT_FDCWD, path, ahead, 0), 0);
    }
    mc_store_maintain(store);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(look_up(store, i), i);
    }
    mc_store_close(store);
}
END_TEST

START_TEST(test_times_in_the_future_are_old)
{
    struct mc_store *store = open_store(10 * 5000);
    char key[65];
    char path[320];
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(publish(store, i, NULL), 0);
        key_of(i, key);
        snprintf(path, sizeof path, "%s/v1/%.2s/%s.json", dir, key, key);
        int64_t second = time(NULL) + (i < 10 ? 1000000 : -1000 + i);
        struct timespec times[2] = {{.tv_sec = second}, {.tv_sec = second}};
        ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
    }
    ck_assert_int_eq(look_up(store, 0), 0); /* used: its time is right again */
    mc_store_maintain(store);
    ck_assert_int_le(stat_of(store, "bytes"), 10 * 5000);
    ck_assert_int_eq(look_up(store, 0), 0);
    ck_assert_int_eq(look_up(store, 1), -1);
    ck_assert_int_eq(look_up(store, 19), 19);
    mc_store_close(store);
}
END_TEST

START_TEST(test_a_lock_that_somebody_holds_stops_nobody)
{
    char path[256];
    json_t *parts = json_object();
    struct mc_store *store = open_store(0);
    char key[65];
    key_of(1, key);
    ck_assert_int_eq(publish(store, 1, NULL), 0);
    snprintf(path, sizeof path, "%s/v1/lock", dir);
    int held = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(flock(held, LOCK_EX), 0);
    mc_store_note(store, "c", key, parts, MC_LOOKUP_HIT);
    mc_store_maintain(store); /* would never return */
    ck_assert_int_eq(look_up(store, 1), 1);
    ck_assert_int_eq(stat_of(store, "hits"), 1);
    close(held);
    mc_store_maintain(store);
    struct mc_store *other = open_store(0);
    ck_assert_int_eq(stat_of(other, "hits"), 1);
    mc_store_close(other);
    mc_store_close(store);
    json_decref(parts);
}
END_TEST

START_TEST(test_a_directory_deleted_while_open_is_made_again)
{
    struct mc_store *store = open_store(0);
    mc_err err;
    ck_assert_int_eq(publish(store, 1, NULL), 0);
    ck_assert_int_eq(mc_fs_remove(dir, &err), 0);
    ck_assert_int_eq(look_up(store, 1), -1);
    ck_assert_int_eq(publish(store, 1, NULL), 0);
    ck_assert_int_eq(look_up(store, 1), 1);
    mc_store_close(store);
}
END_TEST

START_TEST(test_clear_removes_all_and_says_how_much)
{
    struct mc_store *store = open_store(0);
    mc_err err;
    int64_t entries;
    int64_t bytes;
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(publish(store, i, NULL), 0);
    }
    ck_assert_int_eq(mc_store_clear(store, &entries, &bytes, &err), 0);
    ck_assert_int_eq(entries, 5);
    ck_assert_int_gt(bytes, 25000);
    ck_assert_int_eq(stat_of(store, "entries"), 0);
    ck_assert_int_eq(look_up(store, 3), -1);
    mc_store_close(store);
}
END_TEST

START_TEST(test_counters_of_many_processes_add_up)
{
    enum { PROCESSES = 8 };
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            struct mc_store *store = open_store(0);
            char key[65];
            json_t *parts = json_object();
            key_of(1, key);
            mc_store_note(store, "c", key, parts, MC_LOOKUP_HIT);
            mc_store_maintain(store);
            mc_store_note(store, "c", key, parts, MC_LOOKUP_HIT);
            json_decref(parts);
            mkdir(dir, 0700);
            mc_store_close(store);
            _exit(0);
        }
    }
    /* The directory must be there for the counters: a publication makes it. */
    struct mc_store *store = open_store(0);
    ck_assert_int_eq(publish(store, 1, NULL), 0);
    while (wait(NULL) > 0) {
    }
    mc_store_close(store);
    store = open_store(0);
    ck_assert_int_le(stat_of(store, "hits"), 2 * PROCESSES);
    mc_store_close(store);
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            struct mc_store *mine = open_store(0);
            char key[65];
            json_t *parts = json_object();
            key_of(1, key);
            mc_store_note(mine, "c", key, parts, MC_LOOKUP_JOINED);
            json_decref(parts);
            mc_store_close(mine);
            _exit(0);
        }
    }
    while (wait(NULL) > 0) {
    }
    store = open_store(0);
    ck_assert_int_eq(stat_of(store, "joined"), PROCESSES);
    mc_store_close(store);
}
END_TEST

static void hammer(int seed)
{
    struct mc_store *store = open_store(0);
    for (int i = 0; i < 60; i++) {
        int number = (seed + i) % 7;
        if (look_up(store, number) < 0 && publish(store, number, NULL) != 0) {
            _exit(1);
        }
        int found = look_up(store, number);
        if (found != number && found != -1) { /* -1: another process replaced it just now */
            _exit(2);
        }
    }
    mc_store_close(store);
    _exit(0);
}

START_TEST(test_many_processes_publish_and_read_at_once)
{
    for (int i = 0; i < 8; i++) {
        if (fork() == 0) {
            hammer(i);
        }
    }
    int status;
    while (wait(&status) > 0) {
        ck_assert_int_eq(status, 0);
    }
    struct mc_store *store = open_store(0);
    for (int i = 0; i < 7; i++) {
        ck_assert_int_eq(look_up(store, i), i);
    }
    mc_store_close(store);
}
END_TEST

START_TEST(test_a_publisher_killed_at_any_moment_leaves_sound_entries)
{
    for (int round = 0; round < 40; round++) {
        pid_t pid = fork();
        if (pid == 0) {
            struct mc_store *store = open_store(0);
            for (int i = 0;; i = (i + 1) % 5) {
                (void) publish(store, i, NULL);
            }
        }
        struct timespec nap = {.tv_nsec = 200000L * (round + 1)};
        nanosleep(&nap, NULL);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        struct mc_store *store = open_store(0);
        for (int i = 0; i < 5; i++) {
            int found = look_up(store, i);
            ck_assert(found == i || found == -1);
        }
        ck_assert_int_eq(stat_of(store, "damaged"), 0);
        mc_store_close(store);
    }
}
END_TEST

START_TEST(test_leftovers_are_swept_after_an_hour)
{
    struct mc_store *store = open_store(0);
    char artifact[256];
    char stale[300];
    ck_assert_int_eq(publish(store, 1, NULL), 0);
    find_file(".so", artifact, sizeof artifact);
    struct timespec old[2] = {{.tv_sec = time(NULL) - 7200}, {.tv_sec = time(NULL) - 7200}};
    ck_assert_int_eq(utimensat(AT_FDCWD, artifact, old, 0), 0);
    char key[65];
    key_of(1, key);
    snprintf(stale, sizeof stale, "%s/v1/01/%s.zzzzzz.so", dir, key);
    mc_err err;
    ck_assert_int_eq(mc_fs_write_atomic(stale, "x", 1, 0600, &err), 0);
    ck_assert_int_eq(utimensat(AT_FDCWD, stale, old, 0), 0);
    mc_store_close(store);
    store = open_store(0);
    ck_assert_int_eq(access(stale, F_OK), -1);
    ck_assert_int_eq(look_up(store, 1), 1);
    mc_store_close(store);
}
END_TEST

START_TEST(test_the_directory_comes_from_the_environment)
{
    mc_autostrv env = MC_STRV_INIT;
    mc_err err;
    mc_strv_add(&env, "MOJOCELL_CACHE_DIR=/a");
    mc_strv_add(&env, "XDG_CACHE_HOME=/b");
    mc_strv_add(&env, "HOME=/c");
    mc_strv_add(&env, "MOJOCELL_CACHE_LIMIT=5");
    for (int i = 0; i < 3; i++) {
        static const char *const expected[] = {"/a", "/b/mojocell", "/c/.cache/mojocell"};
        mc_autofree char *found = NULL;
        ck_assert_int_eq(mc_store_default_dir(env.items + i, &found, &err), 0);
        ck_assert_str_eq(found, expected[i]);
    }
    if (geteuid() == 0 && fork() == 0) {
        /* Nobody knows this user, and nothing says where to go. */
        char *found = NULL;
        _exit(setuid(987654) == 0 && mc_store_default_dir(env.items + 4, &found, &err) == 0 &&
                      strcmp(found, "/tmp/mojocell-cache-987654") == 0
                  ? 0
                  : 1);
    }
    int status = 0;
    ck_assert(wait(&status) < 0 || status == 0);
    ck_assert_int_eq(mc_store_default_limit(env.items), 5 << 20);
    const char *const lots[] = {"MOJOCELL_CACHE_LIMIT=lots", NULL};
    ck_assert_int_eq(mc_store_default_limit((char *const *) lots), 2LL << 30);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store");
    TCase *tcase = tcase_create("store");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, make_place, remove_place);
    tcase_add_test(tcase, test_what_was_published_is_found_by_every_store);
    tcase_add_test(tcase, test_every_publication_has_a_path_of_its_own);
    tcase_add_test(tcase, test_any_flipped_byte_of_an_entry_is_a_counted_miss);
    tcase_add_test(tcase, test_a_changed_artifact_is_never_given_out);
    tcase_add_test(tcase, test_a_cut_or_missing_artifact_is_a_miss);
    tcase_add_test(tcase, test_entries_that_were_swapped_are_misses);
    tcase_add_test(tcase, test_the_least_recently_used_go_first_and_the_recent_stay);
    tcase_add_test(tcase, test_a_place_that_cannot_be_written_is_said_and_no_more);
    tcase_add_test(tcase, test_nothing_is_taken_from_directories_that_others_can_change);
    tcase_add_test(tcase, test_a_file_of_another_user_is_never_given_out);
    tcase_add_test(tcase, test_times_in_the_future_are_old);
    tcase_add_test(tcase, test_what_a_clock_a_little_ahead_has_written_is_new);
    tcase_add_test(tcase, test_a_lock_that_somebody_holds_stops_nobody);
    tcase_add_test(tcase, test_a_directory_deleted_while_open_is_made_again);
    tcase_add_test(tcase, test_clear_removes_all_and_says_how_much);
    tcase_add_test(tcase, test_counters_of_many_processes_add_up);
    tcase_add_test(tcase, test_many_processes_publish_and_read_at_once);
    tcase_add_test(tcase, test_a_publisher_killed_at_any_moment_leaves_sound_entries);
    tcase_add_test(tcase, test_leftovers_are_swept_after_an_hour);
    tcase_add_test(tcase, test_the_directory_comes_from_the_environment);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#include "runner/live_runs.h"

#include "abi/share.h"
#include "base/mem.h"
#include "base/os.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SWEEP_NS 5000000000

static int fork_run(struct mc_live_run *run,
                    const struct mc_spares *spares,
                    const struct mc_child_host *host,
                    const int fds[MC_WIRE_FDS],
                    mc_err *err)
{
    struct mc_child child = {.runner = getpid(), .id = run->id, .slot_fd = -1};
    memcpy(child.fds, fds, sizeof child.fds);
    if (mc_child_make_slot(&child.slot_fd, &run->slot, err) < 0) {
        return -1;
    }
    child.slot = run->slot;
    run->slot->began_at = mc_os_now();
    run->pid = fork();
    if (run->pid == 0) {
        mc_spares_close(spares);
        mc_child_forked(host, &child);
    }
    int error = errno;
    close(child.slot_fd);
    if (run->pid < 0) {
        errno = error;
        return mc_err_errno(err, MC_SYSTEM, "fork");
    }
    mc_child_keep_slot(run->slot);
    return 0;
}

static void free_run(struct mc_live_run *run)
{
    mc_child_unmap_slot(run->slot);
    free(run);
}

int mc_live_runs_start(struct mc_live_runs *runs,
                       const struct mc_child_host *host,
                       const struct mc_wire_request *request,
                       const int fds[MC_WIRE_FDS],
                       struct mc_live_run **ret,
                       mc_err *err)
{
    struct mc_live_run *run = calloc(1, sizeof *run);
    if (!run) {
        return mc_err_set(err, MC_NO_MEMORY, "no memory for a run");
    }
    run->id = request->id;
    memcpy(run->tag, request->tag, sizeof run->tag - 1);
    if (mc_fault("fork")) {
        mc_err_errno(err, MC_SYSTEM, "fork");
        free_run(run);
        return -1;
    }
    if (!mc_spares_take(&runs->spares, request, fds, &run->pid, &run->slot) &&
        fork_run(run, &runs->spares, host, fds, err) < 0) {
        free_run(run);
        return -1;
    }
    setpgid(run->pid, run->pid); /* the child does the same: whoever is first */
    mc_spares_note(&runs->spares, &request->artifact);
    run->next = runs->first;
    runs->first = run;
    *ret = run;
    return 0;
}

void mc_live_runs_go(const struct mc_live_run *run)
{
    mc_share_raise(&run->slot->go, mc_wire_go(run->id), &run->slot->waits_for_go);
}

struct mc_live_run *mc_live_runs_find(const struct mc_live_runs *runs, uint64_t id)
{
    struct mc_live_run *run = runs->first;
    while (run && (run->id != id || run->state != MC_RUN_RUNNING)) {
        run = run->next;
    }
    return run;
}

void mc_live_runs_kill(struct mc_live_runs *runs)
{
    mc_spares_dismiss(&runs->spares);
    for (const struct mc_live_run *run = runs->first; run; run = run->next) {
        if (run->state == MC_RUN_RUNNING) {
            kill(-run->pid, SIGKILL);
        }
    }
}

static struct mc_live_run *leader(const struct mc_live_runs *runs, pid_t pid)
{
    struct mc_live_run *run = runs->first;
    while (run && (run->pid != pid || run->state != MC_RUN_RUNNING)) {
        run = run->next;
    }
    return run;
}

static pid_t *leaving(struct mc_live_runs *runs, pid_t pid)
{
    size_t i = 0;
    while (i < MC_LENGTH(runs->leaving) && runs->leaving[i] != pid) {
        i++;
    }
    return i < MC_LENGTH(runs->leaving) ? &runs->leaving[i] : NULL;
}

/* Whoever says so is killed, and is no less ended for that. While it is not reaped, its number is
 * no other group's. */
static void believe(struct mc_live_runs *runs, struct mc_live_run *run)
{
    pid_t *place = leaving(runs, 0);
    if (!place) {
        return;
    }
    *place = run->pid;
    kill(-run->pid, SIGKILL);
    run->status = (run->slot->status & 0xff) << 8;
    run->usage = run->slot->usage;
    run->ended_at = mc_os_now();
    run->state = MC_RUN_SWEEPING;
}

static void reap_orphan(struct mc_live_runs *runs, pid_t pid)
{
    pid_t *place = leaving(runs, pid);
    waitpid(pid, NULL, WNOHANG);
    mc_spares_reaped(&runs->spares, pid);
    if (place) {
        *place = 0;
    }
}

static void reap(struct mc_live_runs *runs)
{
    for (;;) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0) {
            return;
        }
        struct mc_live_run *run = leader(runs, info.si_pid);
        if (!run) { /* that came to us as the subreaper, or a spare one */
            reap_orphan(runs, info.si_pid);
            continue;
        }
        kill(-run->pid, SIGKILL);
        wait4(run->pid, &run->status, WNOHANG, &run->usage);
        run->ended_at = mc_os_now();
        run->state = MC_RUN_SWEEPING;
    }
}

void mc_live_runs_reap(struct mc_live_runs *runs)
{
    reap(runs);
    for (struct mc_live_run *run = runs->first; run; run = run->next) {
        if (run->state == MC_RUN_RUNNING && atomic_load(&run->slot->over)) {
            believe(runs, run);
        }
    }
}

bool mc_live_runs_any(const struct mc_live_runs *runs)
{
    for (size_t i = 0; i < MC_LENGTH(runs->leaving); i++) {
        if (runs->leaving[i]) {
            return true;
        }
    }
    return runs->first || mc_spares_any(&runs->spares);
}

static bool alone(const struct mc_live_runs *runs)
{
    for (const struct mc_live_run *run = runs->first; run; run = run->next) {
        if (run->state == MC_RUN_RUNNING) {
            return false;
        }
    }
    return true;
}

/* Whether an orphan was the run's: by its group, by its tag, or, where a program wiped that out,
 * because nobody else is there. */
static bool belongs(const struct mc_live_runs *runs, const struct mc_live_run *run, pid_t pid)
{
    char tag[MC_TAG_MAX + 1];
    if (getpgid(pid) == run->pid) {
        return true;
    }
    return mc_group_tag(pid, tag) ? strcmp(tag, run->tag) == 0 || alone(runs) : alone(runs);
}

static void kill_stray(struct mc_live_run *run, pid_t pid)
{
    bool escaped = getpgid(pid) != run->pid;
    kill(pid, SIGKILL);
    for (int i = 0; i < run->escaped && i < (int) MC_LENGTH(run->killed); i++) {
        if (run->killed[i] == pid) {
            return;
        }
    }
    if (escaped && run->escaped < (int) MC_LENGTH(run->killed)) {
        run->killed[run->escaped] = pid;
    }
    run->escaped += escaped;
}

/* This process's children, as the kernel lists them: those of runs, and orphans of them. NULL where
 * it does not. */
static FILE *open_children(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int) getpid());
    return fopen(path, "re");
}

bool mc_live_runs_swept(struct mc_live_runs *runs, struct mc_live_run *run)
{
    FILE *children = open_children();
    if (!children) {
        int killed = mc_group_kill_tagged(run->tag);
        run->escaped += killed;
        return true;
    }
    int left = 0;
    int pid;
    while (fscanf(children, "%d", &pid) == 1) {
        if (!leader(runs, pid) && !mc_spares_has(&runs->spares, pid) && !leaving(runs, pid) &&
            belongs(runs, run, pid)) {
            kill_stray(run, pid);
            left++;
        }
    }
    fclose(children);
    return left == 0 || mc_os_now() - run->ended_at > SWEEP_NS;
}

/* A text the program had its hands on, as one line of printable bytes. */
static void copy_line(char *to, const char *from, size_t size)
{
    size_t length = strnlen(from, size - 1);
    memcpy(to, from, length);
    while (length > 0 && (to[length - 1] == '\n' || to[length - 1] == ' ')) {
        length--;
    }
    to[length] = '\0';
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char) to[i] < ' ') {
            to[i] = ' ';
        }
    }
}

static void copy_words(struct mc_words *to, const struct mc_words *from)
{
    memcpy(to, from, sizeof *to);
    to->text[sizeof to->text - 1] = '\0';
    to->count = to->count < MC_WORDS_FRAMES ? to->count : MC_WORDS_FRAMES;
}

void mc_live_runs_describe(const struct mc_live_run *run, struct mc_runner_event *ret)
{
    const struct mc_wire_slot *slot = run->slot;
    int phase = slot->phase;
    int64_t began_at = slot->began_at;
    int64_t called_at = phase == MC_PHASE_RUN ? slot->called_at : run->ended_at;
    /* A program that was killed while it was set up did not fail to start. */
    bool told = slot->message[0] != '\0';
    ret->outcome = phase == MC_PHASE_RUN || !told ? MC_RUNNER_RAN
                   : phase == MC_PHASE_LOAD       ? MC_RUNNER_NOT_LOADED
                                                  : MC_RUNNER_NOT_STARTED;
    ret->status = run->status;
    ret->usage = run->usage;
    ret->load_seconds = (double) (called_at - began_at) / 1e9;
    ret->run_seconds = (double) (run->ended_at - called_at) / 1e9;
    ret->executed = slot->executed != 0;
    ret->stack_overflow = slot->stack_overflow != 0 && WIFSIGNALED(run->status);
    ret->escaped = run->escaped;
    copy_line(ret->missing, slot->missing, sizeof ret->missing);
    copy_line(ret->message, slot->message, sizeof ret->message);
    copy_words(&ret->words, &slot->words);
    copy_line(ret->reason, slot->reason, sizeof ret->reason);
}

void mc_live_runs_remove(struct mc_live_runs *runs, struct mc_live_run *run)
{
    struct mc_live_run **at = &runs->first;
    while (*at != run) {
        at = &(*at)->next;
    }
    *at = run->next;
    free_run(run);
}

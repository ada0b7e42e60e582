#include "runner/spare.h"

#include "base/mem.h"
#include "base/os.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static bool waits(const struct mc_spare *spare)
{
    return spare->pid > 0 && spare->socket >= 0;
}

static bool is_plain(const struct mc_spare *spare)
{
    return !spare->artifact.path[0];
}

/* What is left of it here, but for its number: that is known until it is reaped. */
static void let_go(struct mc_spare *spare)
{
    if (spare->socket >= 0) {
        close(spare->socket);
        spare->socket = -1;
    }
    mc_child_unmap_slot(spare->slot);
    spare->slot = NULL;
}

static void dismiss(struct mc_spare *spare)
{
    kill(spare->pid, SIGKILL);
    let_go(spare);
}

static struct mc_spare *find(struct mc_spares *spares, const struct mc_wire_artifact *artifact)
{
    struct mc_spare *plain = NULL;
    for (size_t i = 0; i < MC_LENGTH(spares->places); i++) {
        struct mc_spare *spare = &spares->places[i];
        if (!waits(spare)) {
            continue;
        }
        if (mc_wire_same(&spare->artifact, artifact)) {
            return spare;
        }
        plain = is_plain(spare) ? spare : plain;
    }
    return plain;
}

static const struct mc_spare *first_plain(const struct mc_spares *spares)
{
    for (size_t i = 0; i < MC_LENGTH(spares->places); i++) {
        if (waits(&spares->places[i]) && is_plain(&spares->places[i])) {
            return &spares->places[i];
        }
    }
    return NULL;
}

static const struct mc_spare *first_loaded(const struct mc_spares *spares)
{
    for (size_t i = 0; i < MC_LENGTH(spares->places); i++) {
        if (waits(&spares->places[i]) && !is_plain(&spares->places[i])) {
            return &spares->places[i];
        }
    }
    return NULL;
}

void mc_spares_note(struct mc_spares *spares, const struct mc_wire_artifact *artifact)
{
    bool again = mc_wire_same(&spares->recent, artifact);
    spares->recent = *artifact;
    if (again && !mc_wire_same(&spares->wanted.artifact, artifact) &&
        !mc_child_may_load(artifact, &spares->wanted)) {
        spares->wanted.artifact.path[0] = '\0';
    }
}

static bool has_wanted(const struct mc_spares *spares)
{
    const struct mc_spare *loaded = first_loaded(spares);
    return !spares->wanted.artifact.path[0] ||
           (loaded && mc_wire_same(&loaded->artifact, &spares->wanted.artifact));
}

bool mc_spares_lack(const struct mc_spares *spares)
{
    return !first_plain(spares) || !has_wanted(spares);
}

static struct mc_spare *empty_place(struct mc_spares *spares)
{
    size_t i = 0;
    while (i < MC_LENGTH(spares->places) && spares->places[i].pid) {
        i++;
    }
    return i < MC_LENGTH(spares->places) ? &spares->places[i] : NULL;
}

/* One that has loaded an artifact which is not the one that is run again and again. */
static void dismiss_outdated(struct mc_spares *spares)
{
    for (size_t i = 0; i < MC_LENGTH(spares->places); i++) {
        struct mc_spare *spare = &spares->places[i];
        if (waits(spare) && !is_plain(spare) &&
            !mc_wire_same(&spare->artifact, &spares->wanted.artifact)) {
            dismiss(spare);
        }
    }
}

static int fork_spare(struct mc_spares *spares,
                      const struct mc_child_host *host,
                      const struct mc_child_ahead *wanted,
                      const struct mc_spare **ret)
{
    struct mc_spare *place = empty_place(spares);
    struct mc_child child = {.runner = getpid(), .fds = {-1, -1, -1, -1, -1}, .slot_fd = -1};
    int pair[2];
    mc_err ignored;
    if (!place || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
        return -1;
    }
    mc_autoclose int own = pair[0];
    mc_autoclose int its = pair[1];
    if (mc_child_make_slot(&child.slot_fd, &child.slot, &ignored) < 0) {
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(own);
        mc_spares_close(spares);
        mc_child_spare(host, &child, its, wanted);
    }
    close(child.slot_fd);
    if (pid < 0) {
        mc_child_unmap_slot(child.slot);
        return -1;
    }
    mc_child_keep_slot(child.slot);
    *place = (struct mc_spare) {.pid = pid, .socket = mc_take_fd(&own), .slot = child.slot};
    if (wanted) {
        place->artifact = wanted->artifact;
    }
    *ret = place;
    return 0;
}

int mc_spares_fill(struct mc_spares *spares,
                   const struct mc_child_host *host,
                   const struct mc_spare **ret)
{
    *ret = NULL;
    dismiss_outdated(spares);
    if (!has_wanted(spares)) {
        return fork_spare(spares, host, &spares->wanted, ret);
    }
    return first_plain(spares) ? 0 : fork_spare(spares, host, NULL, ret);
}

/* What is the run's from now on. */
static void hand_over(struct mc_spare *spare, pid_t *ret_pid, struct mc_wire_slot **ret_slot)
{
    close(spare->socket);
    *ret_pid = spare->pid;
    *ret_slot = spare->slot;
    *spare = (struct mc_spare) {0};
}

static struct mc_spare *find_given(struct mc_spares *spares, pid_t pid)
{
    for (size_t i = 0; i < MC_LENGTH(spares->places); i++) {
        if (waits(&spares->places[i]) && spares->places[i].pid == pid) {
            return &spares->places[i];
        }
    }
    return NULL;
}

bool mc_spares_take(struct mc_spares *spares,
                    const struct mc_wire_request *request,
                    const int fds[MC_WIRE_FDS],
                    pid_t *ret_pid,
                    struct mc_wire_slot **ret_slot)
{
    const struct mc_wire_gift gift = {request->id};
    struct mc_spare *spare = find_given(spares, request->ahead);
    if (spare) {
        spare->slot->began_at = mc_os_now();
        hand_over(spare, ret_pid, ret_slot);
        return true;
    }
    while ((spare = find(spares, &request->artifact))) {
        spare->slot->began_at = mc_os_now();
        if (mc_wire_send(spare->socket, &gift, sizeof gift, fds, MC_WIRE_FDS, MSG_DONTWAIT) == 0) {
            hand_over(spare, ret_pid, ret_slot);
            return true;
        }
        dismiss(spare); /* somebody has killed it */
    }
    return false;
}

void mc_spares_take_back(struct mc_spares *spares, pid_t pid)
{
    struct mc_spare *given = find_given(spares, pid);
    if (given) {
        dismiss(given);
    }
}

bool mc_spares_has(const struct mc_spares *spares, pid_t pid)
{
    for (size_t i = 0; i < MC_LENGTH(spares->places); i++) {
        if (spares->places[i].pid == pid) {
            return true;
        }
    }
    return false;
}

bool mc_spares_any(const struct mc_spares *spares)
{
    for (size_t i = 0; i < MC_LENGTH(spares->places); i++) {
        if (spares->places[i].pid) {
            return true;
        }
    }
    return false;
}

void mc_spares_reaped(struct mc_spares *spares, pid_t pid)
{
    for (size_t i = 0; i < MC_LENGTH(spares->places); i++) {
        if (spares->places[i].pid == pid) {
            let_go(&spares->places[i]);
            spares->places[i] = (struct mc_spare) {0};
        }
    }
}

void mc_spares_dismiss(struct mc_spares *spares)
{
    for (size_t i = 0; i < MC_LENGTH(spares->places); i++) {
        if (waits(&spares->places[i])) {
            dismiss(&spares->places[i]);
        }
    }
}

void mc_spares_close(const struct mc_spares *spares)
{
    for (size_t i = 0; i < MC_LENGTH(spares->places); i++) {
        if (waits(&spares->places[i])) {
            close(spares->places[i].socket);
        }
    }
}

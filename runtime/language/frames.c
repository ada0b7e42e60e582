#include "language/frames.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LARGEST_HEADER ((size_t) 4096)
#define LARGEST_BODY   ((size_t) 64 << 20)

static const char LENGTH[] = "Content-Length:";

void mc_frames_fini(struct mc_frames *frames)
{
    mc_buf_fini(&frames->bytes);
}

void mc_frames_add(struct mc_frames *frames, const void *bytes, size_t length)
{
    mc_buf_add(&frames->bytes, bytes, length);
}

static int garbage(mc_err *err, const char *what)
{
    return mc_err_set(err, MC_TOOLCHAIN_FAILED, "the language server wrote %s", what);
}

/* The length that a header, which ends at `end`, tells; 0 where it tells none. */
static size_t told_length(const char *header, const char *end)
{
    for (const char *line = header; line && line < end;) {
        if (strncasecmp(line, LENGTH, sizeof LENGTH - 1) == 0) {
            return strtoul(line + sizeof LENGTH - 1, NULL, 10);
        }
        line = memchr(line, '\n', (size_t) (end - line));
        line = line ? line + 1 : NULL;
    }
    return 0;
}

int mc_frames_next(struct mc_frames *frames, json_t **ret, mc_err *err)
{
    const struct mc_buf *bytes = &frames->bytes;
    if (mc_buf_check(bytes, err) < 0) {
        return -1;
    }
    if (bytes->length == 0) {
        return 0;
    }
    const char *end = memmem(bytes->data, bytes->length, "\r\n\r\n", 4);
    if (!end) {
        return bytes->length > LARGEST_HEADER ? garbage(err, "no header") : 0;
    }
    size_t length = told_length(bytes->data, end);
    size_t begin = (size_t) (end - bytes->data) + 4;
    if (length == 0 || length > LARGEST_BODY) {
        return garbage(err, "a header without a length");
    }
    if (bytes->length < begin + length) {
        return 0;
    }
    *ret = mc_json_read(bytes->data + begin, length, 0, NULL);
    mc_buf_consume(&frames->bytes, begin + length);
    return json_is_object(*ret) ? 1 : (json_decref(*ret), garbage(err, "what is not JSON"));
}

int mc_frames_write(json_t *message, struct mc_buf *ret, mc_err *err)
{
    mc_autobuf body = MC_BUF_INIT;
    int r = mc_json_text(message, JSON_COMPACT, &body, err);
    json_decref(message);
    if (r < 0) {
        return -1;
    }
    mc_buf_addf(ret, "%s %zu\r\n\r\n", LENGTH, body.length);
    mc_buf_add(ret, body.data, body.length);
    return mc_buf_check(ret, err);
}

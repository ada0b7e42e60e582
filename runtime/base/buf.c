#include "base/buf.h"

#include "base/fault.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void mc_buf_fini(struct mc_buf *buf)
{
    free(buf->data);
    *buf = MC_BUF_INIT;
}

void mc_buf_clear(struct mc_buf *buf)
{
    buf->length = 0;
    buf->failed = false;
    if (buf->data) {
        buf->data[0] = '\0';
    }
}

static bool reserve(struct mc_buf *buf, size_t more)
{
    if (buf->failed || more > SIZE_MAX / 4 || buf->length > SIZE_MAX / 4) {
        buf->failed = true;
        return false;
    }
    size_t need = buf->length + more + 1;
    if (need <= buf->capacity) {
        return true;
    }
    size_t capacity = buf->capacity ? buf->capacity : 64;
    while (capacity < need) {
        capacity *= 2;
    }
    char *data = mc_fault("memory") ? NULL : realloc(buf->data, capacity);
    if (!data) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void mc_buf_add(struct mc_buf *buf, const void *bytes, size_t length)
{
    if (!reserve(buf, length)) {
        return;
    }
    if (length) {
        memcpy(buf->data + buf->length, bytes, length);
    }
    buf->length += length;
    buf->data[buf->length] = '\0';
}

void mc_buf_adds(struct mc_buf *buf, const char *text)
{
    mc_buf_add(buf, text, strlen(text));
}

void mc_buf_addc(struct mc_buf *buf, char c)
{
    mc_buf_add(buf, &c, 1);
}

void mc_buf_addf(struct mc_buf *buf, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0 || !reserve(buf, (size_t) length)) {
        buf->failed = true;
    } else {
        vsnprintf(buf->data + buf->length, (size_t) length + 1, format, again);
        buf->length += (size_t) length;
    }
    va_end(again);
}

void mc_buf_consume(struct mc_buf *buf, size_t length)
{
    if (length >= buf->length) {
        buf->length = 0;
    } else {
        memmove(buf->data, buf->data + length, buf->length - length);
        buf->length -= length;
    }
    if (buf->data) {
        buf->data[buf->length] = '\0';
    }
}

int mc_buf_check(const struct mc_buf *buf, mc_err *err)
{
    return buf->failed ? mc_err_set(err, MC_NO_MEMORY, "out of memory") : 0;
}

char *mc_buf_steal(struct mc_buf *buf)
{
    char *data = NULL;
    if (!buf->failed && reserve(buf, 0)) {
        data = buf->data;
        data[buf->length] = '\0';
        buf->data = NULL;
    }
    mc_buf_fini(buf);
    return data;
}

void mc_hex(const uint8_t *bytes, size_t length, char *ret_hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < length; i++) {
        ret_hex[2 * i] = digits[bytes[i] >> 4];
        ret_hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_hex[2 * length] = '\0';
}

/* The parts of a message, each as two bytes of length and the bytes; the first byte of all says
 * which side reads. A header is read as that of every operation. */
#include "protocol/fields.h"
#include "protocol/message.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct mc_frame parts[80];
    struct mc_shape shape;
    mc_err err;
    size_t count = 0;
    size_t at = 1;
    while (at + 2 <= length && count < sizeof parts / sizeof *parts) {
        size_t size = (size_t) bytes[at] << 8 | bytes[at + 1];
        at += 2;
        size = size < length - at ? size : length - at;
        parts[count++] = (struct mc_frame) {bytes + at, size};
        at += size;
    }
    if (mc_message_parse(parts, count, length && bytes[0] & 1, &shape, &err) == 0) {
        if (!json_is_object(shape.header) || shape.first_frame > count ||
            count - shape.first_frame > MC_MESSAGE_MAX_FRAMES) {
            abort();
        }
        for (int op = 0; op < MC_OP_COUNT; op++) {
            struct mc_fields fields;
            if (mc_fields_read((enum mc_op) op, shape.header, &fields, &err) == 0 &&
                fields.id != mc_fields_id(shape.header)) {
                abort();
            }
        }
        json_decref(shape.header);
    } else if (shape.header || err.code == MC_OK || !err.message[0]) {
        abort();
    }
    return 0;
}

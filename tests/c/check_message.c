#include "base/mem.h"
#include "protocol/message.h"

#include <check.h>
#include <zmq.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *context;
static void *router;
static void *dealer;
static void *req;

static void *connected(int type)
{
    void *socket = zmq_socket(context, type);
    const int no_linger = 0;
    ck_assert_ptr_nonnull(socket);
    zmq_setsockopt(socket, ZMQ_LINGER, &no_linger, sizeof no_linger);
    ck_assert_int_eq(zmq_connect(socket, "inproc://message"), 0);
    return socket;
}

static void open_sockets(void)
{
    const int no_linger = 0;
    const int mandatory = 1;
    context = zmq_ctx_new();
    router = zmq_socket(context, ZMQ_ROUTER);
    zmq_setsockopt(router, ZMQ_LINGER, &no_linger, sizeof no_linger);
    zmq_setsockopt(router, ZMQ_ROUTER_MANDATORY, &mandatory, sizeof mandatory);
    ck_assert_int_eq(zmq_bind(router, "inproc://message"), 0);
    dealer = connected(ZMQ_DEALER);
    req = connected(ZMQ_REQ);
}

static void close_sockets(void)
{
    zmq_close(req);
    zmq_close(dealer);
    zmq_close(router);
    zmq_ctx_term(context);
}

static void wait_for(void *socket)
{
    zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};
    ck_assert_int_eq(zmq_poll(&item, 1, 10000), 1);
}

static int receive(void *socket, struct mc_message *ret, mc_err *err)
{
    wait_for(socket);
    return mc_message_recv(socket, socket == router, ret, err);
}

static void send_raw(void *socket, const char *bytes, size_t length, bool more)
{
    ck_assert_int_eq(zmq_send(socket, bytes, length, more ? ZMQ_SNDMORE : 0), (int) length);
}

START_TEST(test_a_message_goes_there_and_back)
{
    mc_err err;
    struct mc_message got;
    const struct mc_frame frames[] = {{"\0\1\2", 3}, {"", 0}};
    json_t *header = json_pack("{s:s, s:s}", "op", "run", "id", "é1");
    ck_assert_int_eq(mc_message_send(dealer, NULL, header, frames, 2, &err), 0);
    ck_assert_int_eq(receive(router, &got, &err), 1);
    ck_assert(json_equal(got.header, header));
    ck_assert(!got.delimited);
    ck_assert_uint_eq(got.identity_length, 5);
    ck_assert_uint_eq(got.frame_count, 2);
    ck_assert_uint_eq(mc_message_frame(&got, 0).length, 3);
    ck_assert_mem_eq(mc_message_frame_data(&got, 0), "\0\1\2", 3);
    ck_assert_uint_eq(mc_message_frame_size(&got, 1), 0);

    const struct mc_route route = {.identity = {got.identity, got.identity_length}};
    struct mc_message back;
    ck_assert_int_eq(mc_message_send(router, &route, header, frames, 1, &err), 0);
    ck_assert_int_eq(receive(dealer, &back, &err), 1);
    ck_assert(json_equal(back.header, header));
    ck_assert_uint_eq(back.identity_length, 0);
    ck_assert_uint_eq(back.frame_count, 1);
    ck_assert_uint_eq(back.text.length, strlen("{\"op\":\"run\",\"id\":\"é1\"}"));
    mc_message_fini(&back);
    mc_message_fini(&got);
    json_decref(header);
}
END_TEST

START_TEST(test_a_req_peer_is_seen_and_answered_as_one)
{
    mc_err err;
    struct mc_message got;
    char answer[32] = "";
    send_raw(req, "{\"op\":\"hello\"}", 14, false);
    ck_assert_int_eq(receive(router, &got, &err), 1);
    ck_assert(got.delimited);
    ck_assert_str_eq(json_string_value(json_object_get(got.header, "op")), "hello");
    ck_assert_uint_eq(got.frame_count, 0);
    const struct mc_route route = {{got.identity, got.identity_length}, got.delimited};
    ck_assert_int_eq(
        mc_message_send_text(router, &route, (struct mc_frame) {"{}", 2}, NULL, 0, &err), 0);
    wait_for(req);
    ck_assert_int_eq(zmq_recv(req, answer, sizeof answer, 0), 2);
    ck_assert_str_eq(answer, "{}");
    mc_message_fini(&got);
}
END_TEST

START_TEST(test_nothing_waiting_is_told_at_once)
{
    mc_err err;
    struct mc_message got;
    ck_assert_int_eq(mc_message_recv(router, true, &got, &err), 0);
    mc_message_fini(&got);
}
END_TEST

static const struct malformed {
    const char *text;
    size_t length;
} malformed[] = {
    {"{\"id\":\"a\"", 9},          /* unfinished */
    {"{\"id\":\"\xff\"}", 10},     /* no UTF-8 */
    {"{\"id\":\"\xc0\x80\"}", 11}, /* an overlong NUL */
    {"{\"id\":1,\"id\":2}", 15},   /* a duplicate */
    {"[]", 2},                     /* no object */
    {"\"x\"", 3},
    {"{}{}", 4},
    {"{\"a\":\"\0\"}", 9},
    {"{\"a\":1e999}", 11},
};

START_TEST(test_a_malformed_header_keeps_the_identity_for_an_answer)
{
    mc_err err;
    struct mc_message got;
    struct mc_message answer;
    const struct malformed *each = &malformed[_i];
    send_raw(dealer, each->text, each->length, true);
    send_raw(dealer, "frame", 5, false);
    ck_assert_int_eq(receive(router, &got, &err), 2);
    ck_assert_int_eq(err.code, MC_INVALID_REQUEST);
    ck_assert_ptr_null(got.header);
    ck_assert_uint_eq(got.frame_count, 0);
    const struct mc_route route = {{got.identity, got.identity_length}, got.delimited};
    ck_assert_int_eq(
        mc_message_send_text(router, &route, (struct mc_frame) {"{}", 2}, NULL, 0, &err), 0);
    ck_assert_int_eq(receive(dealer, &answer, &err), 1);
    mc_message_fini(&answer);
    mc_message_fini(&got);
}
END_TEST

START_TEST(test_a_header_nested_too_deeply_is_malformed)
{
    enum { DEPTH = 1 << 20 };
    mc_err err;
    struct mc_message got;
    mc_autofree char *text = malloc(6 + DEPTH);
    memcpy(text, "{\"a\": ", 6);
    memset(text + 6, '[', DEPTH);
    send_raw(dealer, text, 6 + DEPTH, false);
    ck_assert_int_eq(receive(router, &got, &err), 2);
    ck_assert_int_eq(err.code, MC_INVALID_REQUEST);
    mc_message_fini(&got);
}
END_TEST

START_TEST(test_an_error_does_not_quote_the_text)
{
    mc_err err;
    struct mc_message got;
    send_raw(dealer, "{\"source\": secret}", 18, false);
    ck_assert_int_eq(receive(router, &got, &err), 2);
    ck_assert_ptr_null(strstr(err.message, "secret"));
    mc_message_fini(&got);
}
END_TEST

START_TEST(test_no_header_is_malformed)
{
    mc_err err;
    struct mc_message got;
    send_raw(dealer, "", 0, false);
    ck_assert_int_eq(receive(router, &got, &err), 2);
    ck_assert_uint_eq(got.identity_length, 5);
    ck_assert(got.delimited);
    mc_message_fini(&got);
}
END_TEST

static void send_frames(size_t count)
{
    send_raw(dealer, "{}", 2, count > 0);
    for (size_t i = 0; i < count; i++) {
        send_raw(dealer, "x", 1, i + 1 < count);
    }
}

START_TEST(test_too_many_frames_are_refused_and_the_next_message_is_read)
{
    mc_err err;
    struct mc_message got;
    send_frames(MC_MESSAGE_MAX_FRAMES);
    ck_assert_int_eq(receive(router, &got, &err), 1);
    ck_assert_uint_eq(got.frame_count, MC_MESSAGE_MAX_FRAMES);
    mc_message_fini(&got);
    send_frames(MC_MESSAGE_MAX_FRAMES + 1);
    ck_assert_int_eq(receive(router, &got, &err), 2);
    ck_assert_int_eq(err.code, MC_TOO_LARGE);
    mc_message_fini(&got);
    send_frames(1000);
    ck_assert_int_eq(receive(router, &got, &err), 2);
    ck_assert_int_eq(err.code, MC_TOO_LARGE);
    ck_assert_uint_eq(got.identity_length, 5);
    mc_message_fini(&got);
    send_frames(1);
    ck_assert_int_eq(receive(router, &got, &err), 1);
    ck_assert_uint_eq(got.frame_count, 1);
    mc_message_fini(&got);
}
END_TEST

START_TEST(test_sizes_have_limits)
{
    mc_err err;
    struct mc_shape shape;
    const struct mc_frame large_header[] = {{"{}", MC_MESSAGE_MAX_HEADER + 1}};
    const struct mc_frame large_sum[] = {
        {"{}", 2}, {"", MC_MESSAGE_MAX_BYTES / 2}, {"", MC_MESSAGE_MAX_BYTES / 2}};
    ck_assert_int_eq(mc_message_parse(large_header, 1, false, &shape, &err), -1);
    ck_assert_int_eq(err.code, MC_TOO_LARGE);
    ck_assert_int_eq(mc_message_parse(large_sum, 3, false, &shape, &err), -1);
    ck_assert_int_eq(err.code, MC_TOO_LARGE);
    ck_assert_int_eq(mc_message_send_text(dealer, NULL, large_header[0], NULL, 0, &err), -1);
    ck_assert_int_eq(err.code, MC_TOO_LARGE);
    ck_assert_int_eq(mc_message_send_text(dealer, NULL, large_sum[0], large_sum, 3, &err), -1);
    ck_assert_int_eq(err.code, MC_TOO_LARGE);
}
END_TEST

START_TEST(test_a_peer_that_is_gone_is_told)
{
    mc_err err;
    const struct mc_route route = {.identity = {"nobody", 6}};
    ck_assert_int_eq(
        mc_message_send_text(router, &route, (struct mc_frame) {"{}", 2}, NULL, 0, &err), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("message");
    TCase *tcase = tcase_create("message");
    tcase_add_checked_fixture(tcase, open_sockets, close_sockets);
    tcase_add_test(tcase, test_a_message_goes_there_and_back);
    tcase_add_test(tcase, test_a_req_peer_is_seen_and_answered_as_one);
    tcase_add_test(tcase, test_nothing_waiting_is_told_at_once);
    tcase_add_loop_test(
        tcase, test_a_malformed_header_keeps_the_identity_for_an_answer, 0, MC_LENGTH(malformed));
    tcase_add_test(tcase, test_a_header_nested_too_deeply_is_malformed);
    tcase_add_test(tcase, test_an_error_does_not_quote_the_text);
    tcase_add_test(tcase, test_no_header_is_malformed);
    tcase_add_test(tcase, test_too_many_frames_are_refused_and_the_next_message_is_read);
    tcase_add_test(tcase, test_sizes_have_limits);
    tcase_add_test(tcase, test_a_peer_that_is_gone_is_told);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}

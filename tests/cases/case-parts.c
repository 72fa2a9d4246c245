/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <string.h>

/* Parts of things, and things only if they changed. */

static const ScriptedResource resource = { 9, 1000, "\"v1\"", "Sat, 21 Nov 2026 10:00:00 GMT" };

static CaseTransfer *
part (Case *c,
      const char *target,
      guint64 offset)
{
  CaseTransfer *t = case_transfer (c, target);

  t->keep_body = FALSE;
  t->seed = resource.seed;
  t->offset = offset;
  return t;
}

static void
run_ranges (Case *c)
{
  static const struct
  {
    const char *range;
    guint64 offset, length;
  } cases[] = { { "0-9", 0, 10 }, { "990-", 990, 10 }, { "-5", 995, 5 }, { "0-0", 0, 1 }, { "100-5000", 100, 900 } };

  scripted_server_on (case_server (c), "/r", scripted_answer_resource (&resource));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      CaseTransfer *t = part (c, "/r", cases[i].offset);
      g_autofree char *header = g_strconcat ("bytes=", cases[i].range, NULL);

      case_set (t, CURLOPT_RANGE, cases[i].range);
      case_run_transfer (t);
      case_check_ok (t, 206, NULL);
      g_assert_cmpuint (t->body_length, ==, cases[i].length);
      g_assert_cmpstr (scripted_request_header (scripted_server_request (case_server (c), i), "Range"), ==, header);
    }
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
}

/* Several ranges are sent as they are; what comes is handed over. */
static void
run_many_ranges (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/r");

  scripted_server_on (
    case_server (c), "/r",
    scripted_answer_text (206, "Content-Type: multipart/byteranges; boundary=B\r\n", "--B\r\n\r\na\r\n--B--\r\n"));
  case_set (t, CURLOPT_RANGE, "0-0,5-5");
  case_run_transfer (t);
  case_check_ok (t, 206, "--B\r\n\r\na\r\n--B--\r\n");
}

/* A server that does not know ranges sends everything: with CURLOPT_RANGE that is an answer like another. */
static void
run_range_ignored (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/r");

  scripted_server_on (case_server (c), "/r", scripted_answer_text (200, NULL, "all of it"));
  case_set (t, CURLOPT_RANGE, "0-2");
  case_run_transfer (t);
  case_check_ok (t, 200, "all of it");
}

static void
run_resume (Case *c)
{
  CaseTransfer *t = part (c, "/r", 600);

  scripted_server_on (case_server (c), "/r", scripted_answer_resource (&resource));
  case_set (t, CURLOPT_RESUME_FROM_LARGE, (curl_off_t) 600);
  case_run_transfer (t);
  case_check_ok (t, 206, NULL);
  g_assert_cmpuint (t->body_length, ==, 400);
  g_assert_cmpstr (scripted_request_header (scripted_server_request (case_server (c), 0), "Range"), ==, "bytes=600-");
}

/* The whole thing instead of the rest: nothing of it may be appended to what is there. */
static void
run_resume_200 (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/r");

  scripted_server_on (case_server (c), "/r", scripted_answer_text (200, NULL, "all of it"));
  case_set (t, CURLOPT_RESUME_FROM_LARGE, (curl_off_t) 5);
  case_run_transfer (t);
  case_check_error (t, CURLE_RANGE_ERROR);
  g_assert_cmpuint (t->body->len, ==, 0);
}

/* The server says that there is nothing behind the offset. */
static void
run_resume_416 (Case *c)
{
  CaseTransfer *t = part (c, "/r", 1000);

  scripted_server_on (case_server (c), "/r", scripted_answer_resource (&resource));
  case_set (t, CURLOPT_RESUME_FROM_LARGE, (curl_off_t) 1000);
  case_run_transfer (t);
  case_check_ok (t, 416, "");
}

/* Whatever it says of how much there is, and whether errors fail or not. */
static void
run_resume_416_total (Case *c)
{
  static const char *const headers[] = { NULL, "Content-Range: bytes */3\r\n", "Content-Range: bytes */1000\r\n" };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (headers); i++)
    {
      CaseTransfer *t = case_transfer (c, "/r");

      scripted_server_on (case_server (c), "/r", scripted_answer_text (416, headers[i / 2], "an error's page"));
      case_set (t, CURLOPT_RESUME_FROM_LARGE, (curl_off_t) 1000);
      case_set (t, CURLOPT_FAILONERROR, (long) (i % 2));
      case_run_transfer (t);
      case_check_ok (t, 416, "");
    }
}

static void
run_resume_wrong (Case *c)
{
  static const char *const ranges[] = { "bytes 5-9/10", "bytes 0-9/10", "bytes 7-9/10" };

  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++)
    {
      g_autofree char *header = g_strdup_printf ("Content-Range: %s\r\n", ranges[i]);
      CaseTransfer *t = case_transfer (c, "/r");

      scripted_server_on (case_server (c), "/r", scripted_answer_text (206, header, "wrong"));
      case_set (t, CURLOPT_RESUME_FROM_LARGE, (curl_off_t) 6);
      case_run_transfer (t);
      g_assert_cmpint (t->result, !=, CURLE_OK);
      g_assert_cmpuint (t->body->len, ==, 0);
    }
}

/* Blanks, case and an unknown length in Content-Range are no fault. */
static void
run_resume_shapes (Case *c)
{
  static const char *const ranges[] = { "bytes 6-8/9", "bytes 6-8/*", "Bytes 6-8/9" };

  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++)
    {
      g_autofree char *header = g_strdup_printf ("Content-Range: %s\r\n", ranges[i]);
      g_autofree char *target = g_strdup_printf ("/%u", i);
      CaseTransfer *t = case_transfer (c, target);

      scripted_server_on (case_server (c), target, scripted_answer_text (206, header, "end"));
      case_set (t, CURLOPT_RESUME_FROM_LARGE, (curl_off_t) 6);
      case_run_transfer (t);
      case_check_ok (t, 206, "end");
    }
}

static void
run_conditions (Case *c)
{
  CaseTransfer *same = case_transfer (c, "/r"), *newer = part (c, "/r", 0), *tag = case_transfer (c, "/r");

  scripted_server_on (case_server (c), "/r", scripted_answer_resource (&resource));
  case_set (same, CURLOPT_TIMECONDITION, (long) CURL_TIMECOND_IFMODSINCE);
  case_set (same, CURLOPT_TIMEVALUE_LARGE, (curl_off_t) 1795255200); /* 2026-11-21 10:00:00 */
  case_run_transfer (same);
  case_check_ok (same, 304, "");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (case_server (c), 0), "If-Modified-Since"), ==,
                   "Sat, 21 Nov 2026 10:00:00 GMT");
  g_assert_cmpint (case_info (same, CURLINFO_CONDITION_UNMET), ==, 1);
  case_set (newer, CURLOPT_TIMECONDITION, (long) CURL_TIMECOND_IFMODSINCE);
  case_set (newer, CURLOPT_TIMEVALUE, 1000000000L);
  case_set (newer, CURLOPT_FILETIME, 1L);
  case_run_transfer (newer);
  case_check_ok (newer, 200, NULL);
  g_assert_cmpuint (newer->body_length, ==, 1000);
  g_assert_cmpint (case_info (newer, CURLINFO_CONDITION_UNMET), ==, 0);
  g_assert_cmpint (case_info_off (newer, CURLINFO_FILETIME_T), ==, 1795255200);
  case_set (tag, CURLOPT_HTTPHEADER, case_list (tag, "If-None-Match: \"v1\"", NULL));
  case_run_transfer (tag);
  case_check_ok (tag, 304, "");
}

/* A server that ignores a condition is put right where it sends what is there already; an answer without a body is itself.
 * The time that served the condition is told to nobody who did not ask for it. */
static void
run_condition_ignored (Case *c)
{
  const char *date = "Last-Modified: Sat, 21 Nov 2026 10:00:00 GMT\r\n";

  scripted_server_on (case_server (c), "/0", scripted_answer_text (200, date, ""));
  scripted_server_on (case_server (c), "/1", scripted_answer_text (200, date, "old"));
  for (guint i = 0; i < 2; i++)
    {
      CaseTransfer *t = case_transfer (c, i == 0 ? "/0" : "/1");

      case_set (t, CURLOPT_TIMECONDITION, (long) CURL_TIMECOND_IFMODSINCE);
      case_set (t, CURLOPT_TIMEVALUE_LARGE, (curl_off_t) 1795255200);
      case_run_transfer (t);
      case_check_ok (t, i == 0 ? 200 : 304, "");
      g_assert_cmpint (case_info (t, CURLINFO_CONDITION_UNMET), ==, i);
      g_assert_cmpint (case_info_off (t, CURLINFO_FILETIME_T), ==, -1);
    }
}

static void
run_unmodified_since (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/r");

  scripted_server_on (case_server (c), "/r", scripted_answer_text (412, NULL, "changed"));
  case_set (t, CURLOPT_TIMECONDITION, (long) CURL_TIMECOND_IFUNMODSINCE);
  case_set (t, CURLOPT_TIMEVALUE, 1000000000L);
  case_run_transfer (t);
  case_check_ok (t, 412, "changed");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (case_server (c), 0), "If-Unmodified-Since"), ==,
                   "Sun, 09 Sep 2001 01:46:40 GMT");
}

static void
run_fail_on_error (Case *c)
{
  static const guint statuses[] = { 400, 404, 500, 599 };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u", statuses[i]);
      CaseTransfer *t = case_transfer (c, target);

      scripted_server_on (case_server (c), target, scripted_answer_text (statuses[i], NULL, "sorry"));
      case_set (t, CURLOPT_FAILONERROR, 1L);
      case_run_transfer (t);
      case_check_error (t, CURLE_HTTP_RETURNED_ERROR);
      g_assert_cmpint (case_info (t, CURLINFO_RESPONSE_CODE), ==, statuses[i]);
      g_assert_cmpuint (t->body->len, ==, 0);
    }
}

static void
run_max_size (Case *c)
{
  CaseTransfer *at = case_transfer (c, "/10"), *above = case_transfer (c, "/10");

  scripted_server_on (case_server (c), "/10", scripted_answer_text (200, NULL, "0123456789"));
  case_set (at, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t) 10);
  case_run_transfer (at);
  case_check_ok (at, 200, "0123456789");
  case_set (above, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t) 9);
  case_run_transfer (above);
  case_check_error (above, CURLE_FILESIZE_EXCEEDED);
  g_assert_cmpuint (above->body->len, ==, 0);
}

/* Where the length is not announced, the limit holds all the same. */
static void
run_max_size_unknown (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/c");

  scripted_server_on (case_server (c), "/c", scripted_answer_chunked (200, NULL, "0123456789", 3, NULL));
  case_set (t, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t) 5);
  case_run_transfer (t);
  case_check_error (t, CURLE_FILESIZE_EXCEEDED);
  g_assert_cmpuint (t->body->len, <=, 5);
}

const CaseSpec case_parts[] = {
  { "ranges", run_ranges },
  { "many-ranges", run_many_ranges },
  { "range-ignored", run_range_ignored },
  { "resume", run_resume },
  { "resume-200", run_resume_200 },
  { "resume-416", run_resume_416 },
  { "resume-416-total", run_resume_416_total, CASE_NOT_ON_LIBCURL, "libcurl 7.88 fails over some with CURLOPT_FAILONERROR" },
  { "resume-wrong", run_resume_wrong },
  { "resume-shapes", run_resume_shapes },
  { "conditions", run_conditions },
  { "condition-ignored", run_condition_ignored },
  { "unmodified-since", run_unmodified_since },
  { "fail-on-error", run_fail_on_error },
  { "max-size", run_max_size },
  { "max-size-unknown", run_max_size_unknown, CASE_NOT_ON_LIBCURL, "libcurl 7.88 looks only at announced lengths" },
  { NULL },
};

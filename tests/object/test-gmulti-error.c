/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-error-private.h"
#include "gmulti-enum-types.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>

/* The table that users read, introspection/errors.md, is the list of cases: each of its rows must come true, and
 * each result of the engine must have a row. */

typedef struct
{
  const char *name;
  int value;
} Number;

#define NUMBER(x) { #x, x }

static const Number errno_names[] = {
  NUMBER (EACCES),    NUMBER (EADDRINUSE),   NUMBER (ECONNREFUSED), NUMBER (ECONNRESET),   NUMBER (EDQUOT),
  NUMBER (EEXIST),    NUMBER (EHOSTUNREACH), NUMBER (EISDIR),       NUMBER (ENAMETOOLONG), NUMBER (ENETUNREACH),
  NUMBER (ENOENT),    NUMBER (ENOSPC),       NUMBER (ENOTDIR),      NUMBER (EPERM),        NUMBER (EPIPE),
  NUMBER (ETIMEDOUT), NUMBER (EROFS),
};

static const Number resolver_names[] = { NUMBER (EAI_AGAIN), NUMBER (EAI_NONAME), NUMBER (EAI_NODATA) };

static gboolean
look_up (const Number *numbers,
         gsize n_numbers,
         const char *name,
         int *value)
{
  for (gsize i = 0; i < n_numbers; i++)
    if (g_str_equal (numbers[i].name, name))
      {
        *value = numbers[i].value;
        return TRUE;
      }

  return FALSE;
}

static GmResult
result_by_name (const char *name)
{
  for (int i = 0; i < GM_N_RESULTS; i++)
    if (g_str_equal (gm_result_name ((GmResult) i), name))
      return (GmResult) i;

  g_error ("the table names an unknown result: %s", name);
}

static int
code_by_nick (GType type,
              const char *code)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (type);
  g_autofree char *nick = g_ascii_strdown (code, -1);
  GEnumValue *value;

  g_strdelimit (nick, "_", '-');
  value = g_enum_get_value_by_nick (class, nick);
  if (value == NULL)
    g_error ("the table names an unknown code: %s", code);
  return value->value;
}

static void
fill_cause (GmFailure *failure,
            const char *cause)
{
  g_auto (GStrv) words = g_strsplit (cause, " ", 3);

  failure->result = result_by_name (words[0]);
  failure->phase = GM_PHASE_BODY;
  if (words[1] == NULL)
    return;

  if (g_str_equal (words[1], "phase"))
    {
      g_assert_cmpstr (words[2], ==, "PROXY");
      failure->phase = GM_PHASE_PROXY;
    }
  else if (!look_up (errno_names, G_N_ELEMENTS (errno_names), words[1], &failure->sys_errno))
    g_assert_true (look_up (resolver_names, G_N_ELEMENTS (resolver_names), words[1], &failure->resolver));
}

static void
check_row (char **cells,
           gboolean *covered)
{
  GmFailure failure = { .host = "host.example", .status = 404, .detail = "a detail" };
  gboolean transient = g_str_equal (cells[5], "yes");
  g_autoptr (GError) error = NULL;
  GQuark domain;
  int code;

  fill_cause (&failure, cells[1]);
  /* the second of a result's rows without a number stands for a number that no row names */
  if (covered[failure.result] && strchr (cells[1], ' ') == NULL && failure.result == GM_RESOLVE_FAILED)
    failure.resolver = EAI_FAIL;
  if (strchr (cells[1], ' ') == NULL)
    covered[failure.result] = TRUE;

  if (g_str_equal (cells[3], "G_IO_ERROR"))
    {
      domain = G_IO_ERROR;
      code = code_by_nick (G_TYPE_IO_ERROR_ENUM, cells[4]);
    }
  else if (g_str_equal (cells[3], "G_RESOLVER_ERROR"))
    {
      domain = G_RESOLVER_ERROR;
      code = code_by_nick (G_TYPE_RESOLVER_ERROR, cells[4]);
    }
  else if (g_str_equal (cells[3], "G_TLS_ERROR"))
    {
      domain = G_TLS_ERROR;
      code = code_by_nick (G_TYPE_TLS_ERROR, cells[4]);
    }
  else
    {
      g_assert_cmpstr (cells[3], ==, "GMULTI_TRANSFER_ERROR");
      domain = GMULTI_TRANSFER_ERROR;
      code = code_by_nick (GMULTI_TYPE_TRANSFER_ERROR, cells[4]);
    }

  error = gm_failure_to_error (&failure);
  g_test_message ("%s: %s", cells[1], error->message);
  g_assert_error (error, domain, code);
  g_assert_cmpint (gmulti_error_is_transient (error), ==, transient);
  g_assert_null (strchr (error->message, '{'));
  if (strstr (cells[2], "{detail}") != NULL)
    g_assert_nonnull (strstr (error->message, "a detail"));
  if (strstr (cells[2], "{host}") != NULL)
    g_assert_nonnull (strstr (error->message, "host.example"));
  if (strstr (cells[2], "{phase}") != NULL)
    g_assert_nonnull (strstr (error->message, "receiving the data"));
  if (domain == GMULTI_TRANSFER_ERROR)
    {
      g_assert_cmpint (gmulti_error_get_phase (error), ==, (int) failure.phase);
      g_assert_cmpstr (gmulti_error_get_host (error), ==, "host.example");
    }
}

static void
test_table (void)
{
  gboolean covered[GM_N_RESULTS] = { FALSE };
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n_rows = 0;

  g_assert_true (g_file_get_contents (g_getenv ("GMULTI_ERRORS_MD"), &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) cells = NULL;

      if (!g_str_has_prefix (lines[i], "| ") || g_str_has_prefix (lines[i], "| -")
          || g_str_has_prefix (lines[i], "| Cause"))
        continue;

      cells = g_strsplit (lines[i], "|", -1);
      g_assert_cmpuint (g_strv_length (cells), ==, 7);
      for (guint j = 0; cells[j] != NULL; j++)
        g_strstrip (cells[j]);
      check_row (cells, covered);
      n_rows++;
    }

  g_assert_cmpuint (n_rows, >, 80);
  for (int i = GM_AGAIN + 1; i < GM_N_RESULTS; i++)
    if (!covered[i])
      g_error ("%s has no row in the table", gm_result_name ((GmResult) i));
}

static void
test_sentence (void)
{
  GmFailure failure = { GM_CONNECT_FAILED, GM_PHASE_CONNECT, ECONNREFUSED, 0, 0, "a.example" };
  g_autoptr (GError) refused = gm_failure_to_error (&failure);
  g_autoptr (GError) other = NULL;
  g_autoptr (GError) tricky = NULL;

  g_assert_cmpstr (refused->message, ==, "Could not connect to a.example: the connection was refused");
  g_assert_cmpint (gmulti_error_get_phase (refused), ==, GMULTI_PHASE_CONNECT);
  g_assert_null (gmulti_error_get_host (refused));

  failure.result = GM_FILE_READ_FAILED;
  failure.sys_errno = EMFILE;
  other = gm_failure_to_error (&failure);
  g_assert_error (other, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES);
  g_assert_nonnull (strstr (other->message, g_strerror (EMFILE)));

  /* what a peer or a user wrote is never read as a placeholder or a format */
  failure = (GmFailure){ GM_TIMEOUT, GM_PHASE_CONNECT, 0, 0, 0, "{phase}%s{host}" };
  tricky = gm_failure_to_error (&failure);
  g_assert_cmpstr (tricky->message, ==, "The time limit for {phase}%s{host} was reached while connecting");
}

static void
test_status (void)
{
  static const guint passing[] = { 408, 429, 500, 502, 503, 504 };
  GmFailure failure = { .result = GM_HTTP_STATUS, .phase = GM_PHASE_RESPONSE, .host = "a.example", .status = 404 };
  g_autoptr (GError) missing = gm_failure_to_error (&failure);

  g_assert_cmpstr (missing->message, ==, "a.example answered with the status 404");
  g_assert_false (gmulti_error_is_transient (missing));
  for (guint i = 0; i < G_N_ELEMENTS (passing); i++)
    {
      g_autoptr (GError) error = NULL;

      failure.status = passing[i];
      error = gm_failure_to_error (&failure);
      g_assert_true (gmulti_error_is_transient (error));
    }
}

static void
test_numbers (void)
{
  static const struct
  {
    GmFailure failure;
    const char *message;
  } numbers[] = {
    { { .result = GM_PROXY_REFUSED, .phase = GM_PHASE_PROXY, .host = "a.example", .proxy_status = 403 },
      "The proxy refused to connect to a.example: it answered with the status 403" },
    { { .result = GM_PROXY_REFUSED, .phase = GM_PHASE_PROXY, .host = "a.example" },
      "The proxy refused to connect to a.example" },
    { { .result = GM_SOCKS_REFUSED, .phase = GM_PHASE_PROXY, .host = "a.example", .proxy_status = 5 },
      "The proxy could not connect to a.example: SOCKS error 5" },
    { { .result = GM_HTTP2_STREAM, .phase = GM_PHASE_BODY, .host = "a.example", .h2 = 2 },
      "a.example broke off its answer: HTTP/2 error 2" },
    /* the number is another one's */
    { { .result = GM_PARTIAL, .phase = GM_PHASE_BODY, .host = "a.example", .proxy_status = 200, .h2 = 2 },
      "a.example closed the connection before the end of the data" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_autoptr (GError) error = gm_failure_to_error (&numbers[i].failure);

      g_assert_cmpstr (error->message, ==, numbers[i].message);
    }
}

static void
test_extended (void)
{
  g_autoptr (GError) error = gm_error_take (GMULTI_TRANSFER_ERROR_BUSY, GMULTI_PHASE_REQUEST, g_strdup ("busy"));
  g_autoptr (GError) copy = g_error_copy (error);
  GmFailure failure = { .result = GM_PARTIAL, .phase = GM_PHASE_BODY, .host = "b.example" };
  g_autoptr (GError) partial = gm_failure_to_error (&failure);
  g_autoptr (GError) partial_copy = g_error_copy (partial);

  g_assert_cmpint (gmulti_error_get_phase (copy), ==, GMULTI_PHASE_REQUEST);
  g_assert_null (gmulti_error_get_host (copy));
  g_assert_cmpstr (gmulti_error_get_host (partial_copy), ==, "b.example");
  g_assert_true (gmulti_error_is_transient (partial_copy));
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/error/table", test_table);
  g_test_add_func ("/error/sentence", test_sentence);
  g_test_add_func ("/error/status", test_status);
  g_test_add_func ("/error/numbers", test_numbers);
  g_test_add_func ("/error/extended", test_extended);
  return g_test_run ();
}

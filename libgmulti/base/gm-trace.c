/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

guint32 gm_trace_mask;

G_STATIC_ASSERT (GM_N_TRACE_CATEGORIES <= 32);

static const struct
{
  const char *name;
  const char *help;
} categories[] = {
#define GM_TRACE_ENTRY(member, name, help) { name, help },
  GM_TRACE_CATEGORIES (GM_TRACE_ENTRY)
#undef GM_TRACE_ENTRY
};

static int trace_fd = STDERR_FILENO;
static gint64 trace_start;

/* Header fields whose values are nobody's business; and what names of secrets have in them, as services invent ever new
 * ones, for fields and for the parameters of a query. */
static const char *const secret_fields[] = {
  "authorization", "proxy-authorization", "cookie", "cookie2", "set-cookie", "set-cookie2", "x-auth",
};
static const char *const secret_words[] = {
  "token", "secret", "passw", "credential", "signature", "api-key", "api_key", "apikey", "access-key", "subscription-key",
};

/* A trace that cannot be written is lost: there is nobody to tell. */
static void
write_line (const char *line,
            gsize len)
{
  while (len > 0)
    {
      gssize n = write (trace_fd, line, len);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        return;
      line += n;
      len -= (gsize) n;
    }
}

static void
write_help (void)
{
  write_line ("GMULTI_DEBUG takes a comma list of:\n", strlen ("GMULTI_DEBUG takes a comma list of:\n"));
  for (gsize i = 0; i < G_N_ELEMENTS (categories); i++)
    {
      g_autofree char *line = g_strdup_printf ("  %-9s %s\n", categories[i].name, categories[i].help);

      write_line (line, strlen (line));
    }
  write_line ("  all       everything; -name takes one out again\n",
              strlen ("  all       everything; -name takes one out again\n"));
}

/* The bits that @word stands for; 0 if nobody knows it. */
static guint32
find_bits (GmSpan word)
{
  if (gm_span_equal_nocase (word, GM_SPAN ("all")))
    return (guint32) (((guint64) 1 << GM_N_TRACE_CATEGORIES) - 1);
  for (gsize i = 0; i < G_N_ELEMENTS (categories); i++)
    if (gm_span_equal_nocase (word, gm_span (categories[i].name, strlen (categories[i].name))))
      return 1u << i;
  return 0;
}

static guint32
apply_word (guint32 mask,
            GmSpan word)
{
  gboolean take_out = word.len > 0 && word.data[0] == '-';
  guint32 bits;

  if (take_out)
    word = gm_span (word.data + 1, word.len - 1);
  if (word.len == 0)
    return mask;
  if (gm_span_equal_nocase (word, GM_SPAN ("help")))
    {
      write_help ();
      return mask;
    }
  bits = find_bits (word);
  if (bits == 0)
    {
      g_autofree char *line = g_strdup_printf ("[gm] GMULTI_DEBUG: there is no category '%.*s'; 'help' lists them\n",
                                               (int) MIN (word.len, 40), word.data);

      write_line (line, strlen (line));
    }
  return take_out ? mask & ~bits : mask | bits;
}

void
gm_trace_setup (const char *spec,
                int fd)
{
  guint32 mask = 0;

  __atomic_store_n (&gm_trace_mask, 0, __ATOMIC_RELEASE);
  trace_fd = fd;
  trace_start = g_get_monotonic_time ();
  for (const char *p = spec; p != NULL;)
    {
      const char *comma = strchr (p, ',');

      mask = apply_word (mask, gm_span_strip (gm_span (p, comma != NULL ? (gsize) (comma - p) : strlen (p))));
      p = comma != NULL ? comma + 1 : NULL;
    }
  __atomic_store_n (&gm_trace_mask, mask, __ATOMIC_RELEASE);
}

/* The file stays open for the life of the process. */
static int
open_trace_file (void)
{
  const char *path = secure_getenv ("GMULTI_DEBUG_FILE");
  int fd = -1;

  if (path != NULL && *path != '\0')
    fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
  return fd >= 0 ? fd : STDERR_FILENO;
}

void
gm_trace_init (void)
{
  static gsize done;

  if (g_once_init_enter (&done))
    {
      const char *spec = g_getenv ("GMULTI_DEBUG");

      if (spec != NULL && *spec != '\0')
        gm_trace_setup (spec, open_trace_file ());
      g_once_init_leave (&done, 1);
    }
}

/* "[gm 0.012345 t#3 c#5] http: " */
static void
append_prefix (GString *line,
               GmTraceCategory category,
               guint64 transfer_id,
               guint64 connection_id)
{
  gint64 age = g_get_monotonic_time () - trace_start;

  g_string_append_printf (line, "[gm %" G_GINT64_FORMAT ".%06d", age / G_USEC_PER_SEC, (int) (age % G_USEC_PER_SEC));
  if (transfer_id != 0)
    g_string_append_printf (line, " t#%" G_GUINT64_FORMAT, transfer_id);
  if (connection_id != 0)
    g_string_append_printf (line, " c#%" G_GUINT64_FORMAT, connection_id);
  g_string_append_printf (line, "] %s: ", categories[category].name);
}

/* Nobody's bytes may begin a new line or speak to a terminal; and a line ends somewhere. */
static void
append_shown (GString *line,
              const char *text)
{
  gsize room = GM_TRACE_LINE_MAX - strlen ("\\xff...\n");

  for (const char *p = text; *p != '\0'; p++)
    {
      guchar c = (guchar) *p;

      if (line->len >= room)
        {
          g_string_append (line, "...");
          return;
        }
      if (c == '\r')
        g_string_append (line, "\\r");
      else if (c == '\n')
        g_string_append (line, "\\n");
      else if (c == '\t' || g_ascii_isprint (c))
        g_string_append_c (line, (char) c);
      else
        g_string_append_printf (line, "\\x%02x", c);
    }
}

void
gm_trace_write (GmTraceCategory category,
                guint64 transfer_id,
                guint64 connection_id,
                const char *format,
                ...)
{
  g_autofree char *raw = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GString) line = NULL;
  int saved_errno = errno;
  va_list args;

  /* Pairs with gm_trace_setup(): what it wrote before the mask is seen from here on. */
  if ((__atomic_load_n (&gm_trace_mask, __ATOMIC_ACQUIRE) & (1u << category)) == 0)
    return;

  va_start (args, format);
  raw = g_strdup_vprintf (format, args);
  va_end (args);

  /* First hide, then cut: half a secret would not be seen as one. */
  text = gm_trace_redact (gm_span (raw, strlen (raw)));
  line = g_string_sized_new (128 + strlen (text));
  append_prefix (line, category, transfer_id, connection_id);
  append_shown (line, text);
  g_string_append_c (line, '\n');
  write_line (line->str, line->len);
  errno = saved_errno;
}

static gboolean
is_name_byte (char c)
{
  return g_ascii_isalnum (c) || c == '-' || c == '_';
}

static gboolean
contains (GmSpan name,
          const char *word)
{
  gsize len = strlen (word);

  for (gsize i = 0; i + len <= name.len; i++)
    if (gm_span_equal_nocase (gm_span (name.data + i, len), gm_span (word, len)))
      return TRUE;
  return FALSE;
}

static gboolean
is_secret (GmSpan name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (secret_fields); i++)
    if (gm_span_equal_nocase (name, gm_span (secret_fields[i], strlen (secret_fields[i]))))
      return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (secret_words); i++)
    if (contains (name, secret_words[i]))
      return TRUE;
  return FALSE;
}

static gsize
skip_name (GmSpan text,
           gsize pos)
{
  while (pos < text.len && is_name_byte (text.data[pos]))
    pos++;
  return pos;
}

/* Bytes from @pos to behind the ':' if a secret field's name begins there, else 0. */
static gsize
match_secret_field (GmSpan text,
                    gsize pos)
{
  gsize end = skip_name (text, pos);
  gsize colon = end;

  if (pos > 0 && is_name_byte (text.data[pos - 1]))
    return 0;
  while (colon < text.len && (text.data[colon] == ' ' || text.data[colon] == '\t'))
    colon++;
  if (colon == text.len || text.data[colon] != ':')
    return 0;

  return is_secret (gm_span (text.data + pos, end - pos)) ? colon + 1 - pos : 0;
}

/* @pos is at a '?' or '&': bytes to behind the '=' if a secret parameter of a query follows, else 0. */
static gsize
match_secret_parameter (GmSpan text,
                        gsize pos)
{
  gsize end = skip_name (text, pos + 1);

  if (end == text.len || text.data[end] != '=')
    return 0;

  return is_secret (gm_span (text.data + pos + 1, end - pos - 1)) ? end + 1 - pos : 0;
}

static gsize
skip_parameter_value (GmSpan text,
                      gsize pos)
{
  while (pos < text.len && strchr ("&# \t\r\n\"", text.data[pos]) == NULL)
    pos++;
  return pos;
}

/* The end of the value that begins at @pos: its line, and the folded ones behind it. */
static gsize
skip_field_value (GmSpan text,
                  gsize pos)
{
  while (pos < text.len)
    {
      gsize next;

      while (pos < text.len && text.data[pos] != '\r' && text.data[pos] != '\n')
        pos++;
      next = pos;
      while (next < text.len && (text.data[next] == '\r' || text.data[next] == '\n'))
        next++;
      if (next == pos || next >= text.len || (text.data[next] != ' ' && text.data[next] != '\t'))
        return pos;
      pos = next;
    }
  return pos;
}

/* @pos is behind the slashes of "scheme://": length of a login there without its '@', or -1. */
static gssize
find_login (GmSpan text,
            gsize pos)
{
  gssize at = -1;

  for (gsize i = pos; i < text.len; i++)
    {
      guchar c = (guchar) text.data[i];

      if (c == '@')
        at = (gssize) (i - pos);
      if (c == '/' || c == '?' || c == '#' || c == '\r' || c == '\n' || c == '"' || c == '\0')
        break;
      /* A login may hold a blank that nobody encoded, but a sentence goes on behind the URL's host. */
      if (c == ' ' && at >= 0)
        break;
    }
  return at;
}

char *
gm_trace_redact (GmSpan text)
{
  GString *safe = g_string_sized_new (text.len + 16);
  gsize pos = 0;

  while (pos < text.len)
    {
      char c = text.data[pos];
      gsize name = is_name_byte (c) ? match_secret_field (text, pos) : 0;
      gsize parameter = c == '?' || c == '&' ? match_secret_parameter (text, pos) : 0;

      if (parameter > 0)
        {
          g_string_append_len (safe, text.data + pos, (gssize) parameter);
          g_string_append (safe, "***");
          pos = skip_parameter_value (text, pos + parameter);
        }
      else if (name > 0)
        {
          g_string_append_len (safe, text.data + pos, (gssize) name);
          g_string_append (safe, " ***");
          pos = skip_field_value (text, pos + name);
        }
      else if (text.data[pos] == ':' && pos + 1 < text.len && text.data[pos + 1] == '/')
        {
          gsize start = pos;
          gssize login;

          for (pos++; pos < text.len && text.data[pos] == '/'; pos++)
            ;
          g_string_append_len (safe, text.data + start, (gssize) (pos - start));
          login = find_login (text, pos);
          if (login >= 0)
            {
              g_string_append (safe, "***");
              pos += (gsize) login;
            }
        }
      else
        g_string_append_c (safe, text.data[pos++]);
    }
  return g_string_free (safe, FALSE);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-netrc.h"

#include <string.h>

typedef struct
{
  GmSpan rest;
  GmSpan host;
  const char *user;
  gboolean for_us; /* the entry being read is for the host */
  gboolean in_entry;
  char *login; /* (owned) (nullable): of that entry */
  char *password; /* (owned) (nullable) */
} Reader;

static gboolean
is_space (char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
wipe (char **secret)
{
  if (*secret != NULL)
    explicit_bzero (*secret, strlen (*secret));
  g_clear_pointer (secret, g_free);
}

static void
advance (Reader *self,
         gsize n)
{
  self->rest.data += n;
  self->rest.len -= n;
}

static void
skip_line (Reader *self)
{
  while (self->rest.len > 0 && *self->rest.data != '\n')
    advance (self, 1);
}

static void
skip_space (Reader *self)
{
  while (self->rest.len > 0)
    {
      if (*self->rest.data == '#')
        skip_line (self);
      else if (is_space (*self->rest.data))
        advance (self, 1);
      else
        return;
    }
}

static char
unescape (char c)
{
  switch (c)
    {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
    }
}

/* (transfer full); NULL: the file has ended, or with *@bad the quotes never do. */
static char *
next_word (Reader *self,
           gboolean *bad)
{
  gboolean quoted;
  gboolean closed;
  char *word;
  gsize len = 0;

  skip_space (self);
  if (self->rest.len == 0)
    return NULL;

  quoted = *self->rest.data == '"';
  closed = !quoted;
  if (quoted)
    advance (self, 1);
  word = g_malloc (GM_NETRC_MAX_WORD + 1);
  while (self->rest.len > 0 && len < GM_NETRC_MAX_WORD && *self->rest.data != '\0')
    {
      char c = *self->rest.data;

      if (quoted ? c == '"' || c == '\n' : is_space (c))
        {
          closed = !quoted || c == '"';
          break;
        }
      if (quoted && c == '\\' && self->rest.len > 1)
        {
          advance (self, 1);
          c = unescape (*self->rest.data);
        }
      word[len++] = c;
      advance (self, 1);
    }
  word[len] = '\0';
  /* Its quotes end nowhere, it is too long, or it holds a NUL: then it was not its end that stopped us. Nor is there
   * anything behind quotes. */
  *bad = !closed || (self->rest.len > 0 && !(quoted ? *self->rest.data == '"' : is_space (*self->rest.data)));
  *bad |= quoted && self->rest.len > 1 && !is_space (self->rest.data[1]);
  if (*bad)
    {
      wipe (&word);
      return NULL;
    }
  if (quoted)
    advance (self, 1);

  return word;
}

/* A macro ends with an empty line. */
static void
skip_macro (Reader *self)
{
  skip_line (self);
  while (self->rest.len > 0)
    {
      gsize start = self->rest.len;

      advance (self, 1);
      skip_line (self);
      if (start - self->rest.len == 1 || (start - self->rest.len == 2 && self->rest.data[-1] == '\r'))
        return;
    }
}

static gboolean
entry_fits (const Reader *self)
{
  return self->in_entry && self->for_us && self->login != NULL &&
         (self->user == NULL || g_str_equal (self->login, self->user));
}

/* The entry is over, or another login within it begins. TRUE: it was the one. */
static gboolean
end_entry (Reader *self)
{
  if (entry_fits (self))
    return TRUE;

  wipe (&self->login);
  wipe (&self->password);
  return FALSE;
}

static gboolean
begin_entry (Reader *self,
             gboolean for_us)
{
  if (end_entry (self))
    return TRUE;

  self->in_entry = TRUE;
  self->for_us = for_us;
  return FALSE;
}

/* TRUE: it begins what comes after the entry that was wanted. */
static gboolean
take_value (Reader *self,
            char **member,
            char *value)
{
  if (*member != NULL && end_entry (self))
    {
      wipe (&value);
      return TRUE;
    }
  wipe (member);
  *member = value;
  return FALSE;
}

/* What has a value. */
static gboolean
is_keyword (const char *word)
{
  static const char *const known[] = { "machine", "login", "password", "account" };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_ascii_strcasecmp (word, known[i]) == 0)
      return TRUE;

  return FALSE;
}

/* What stands behind @keyword. */
static GmNetrc
take_keyword (Reader *self,
              const char *keyword)
{
  gboolean bad = FALSE;
  char *value;

  if (g_ascii_strcasecmp (keyword, "default") == 0)
    return begin_entry (self, TRUE) ? GM_NETRC_FOUND : GM_NETRC_NONE;
  if (g_ascii_strcasecmp (keyword, "macdef") == 0)
    {
      skip_macro (self);
      return GM_NETRC_NONE;
    }
  /* Other programs have words of their own ("port 8080"): each is passed over by itself, what stands behind it, too. */
  if (!is_keyword (keyword))
    return GM_NETRC_NONE;

  value = next_word (self, &bad);
  if (value == NULL)
    return GM_NETRC_BAD;
  if (g_ascii_strcasecmp (keyword, "machine") == 0)
    {
      gboolean for_us = gm_span_equal_nocase (gm_span (value, strlen (value)), self->host);

      g_free (value);
      return begin_entry (self, for_us) ? GM_NETRC_FOUND : GM_NETRC_NONE;
    }
  if (g_ascii_strcasecmp (keyword, "login") == 0)
    return take_value (self, &self->login, value) ? GM_NETRC_FOUND : GM_NETRC_NONE;
  if (g_ascii_strcasecmp (keyword, "password") == 0)
    return take_value (self, &self->password, value) ? GM_NETRC_FOUND : GM_NETRC_NONE;

  wipe (&value); /* an account */
  return GM_NETRC_NONE;
}

GmNetrc
gm_netrc_find (GmSpan text,
               GmSpan host,
               const char *user,
               char **login,
               char **password)
{
  Reader reader = { .rest = text, .host = host, .user = user };
  GmNetrc found = text.len <= GM_NETRC_MAX_FILE ? GM_NETRC_NONE : GM_NETRC_BAD;
  gboolean bad = FALSE;
  char *keyword;

  while (found == GM_NETRC_NONE && (keyword = next_word (&reader, &bad)) != NULL)
    {
      found = take_keyword (&reader, keyword);
      wipe (&keyword);
    }
  if (bad)
    found = GM_NETRC_BAD;
  else if (found == GM_NETRC_NONE && entry_fits (&reader))
    found = GM_NETRC_FOUND;

  if (found == GM_NETRC_FOUND)
    {
      *login = g_steal_pointer (&reader.login);
      *password = g_steal_pointer (&reader.password);
    }
  wipe (&reader.login);
  wipe (&reader.password);

  return found;
}

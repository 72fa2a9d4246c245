/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-no-proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* The longest text that is an address, with brackets and the bits of a network. */
#define ADDRESS_MAX (INET6_ADDRSTRLEN + 8)

typedef struct
{
  guint len; /* 4, 16; 0 = it is a name */
  guchar bytes[16];
} Numeric;

static Numeric
read_numeric (GmSpan text)
{
  Numeric numeric = { 0 };
  char copy[ADDRESS_MAX];

  if (text.len >= 2 && text.data[0] == '[' && text.data[text.len - 1] == ']')
    text = gm_span (text.data + 1, text.len - 2);
  if (text.len == 0 || text.len >= sizeof copy)
    return numeric;

  memcpy (copy, text.data, text.len);
  copy[text.len] = '\0';
  if (inet_pton (AF_INET, copy, numeric.bytes) == 1)
    numeric.len = 4;
  else if (inet_pton (AF_INET6, copy, numeric.bytes) == 1)
    numeric.len = 16;

  return numeric;
}

static gboolean
same_network (const Numeric *a,
              const Numeric *b,
              guint bits)
{
  guint whole = bits / 8;
  guint rest = bits % 8;

  if (memcmp (a->bytes, b->bytes, whole) != 0)
    return FALSE;

  return rest == 0 || ((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest)) == 0;
}

static gboolean
address_matches (const Numeric *host,
                 GmSpan rule)
{
  const char *slash = memchr (rule.data, '/', rule.len);
  guint64 bits = host->len * 8;
  Numeric numeric;

  if (slash != NULL)
    {
      gsize address_len = (gsize) (slash - rule.data);

      if (!gm_span_to_uint64 (gm_span (slash + 1, rule.len - address_len - 1), host->len * 8, &bits))
        return FALSE;
      rule.len = address_len;
    }
  /* curl takes no bits for all bits: nobody means the whole Internet by it, there is "*" for that */
  if (bits == 0)
    bits = host->len * 8;

  numeric = read_numeric (rule);
  return numeric.len == host->len && same_network (host, &numeric, (guint) bits);
}

static GmSpan
without_last_dot (GmSpan name)
{
  if (name.len > 0 && name.data[name.len - 1] == '.')
    name.len--;

  return name;
}

static gboolean
name_matches (GmSpan host,
              GmSpan rule)
{
  GmSpan tail;

  rule = without_last_dot (rule);
  if (rule.len > 0 && rule.data[0] == '.')
    rule = gm_span (rule.data + 1, rule.len - 1);
  if (rule.len == 0 || rule.len > host.len)
    return FALSE;

  tail = gm_span (host.data + host.len - rule.len, rule.len);
  return gm_span_equal_nocase (tail, rule) && (tail.data == host.data || tail.data[-1] == '.');
}

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t';
}

/* Cuts the next element off; FALSE when the list is over. */
static gboolean
next_rule (const char **rules,
           GmSpan *rule)
{
  const char *p = *rules;

  if (*p == '\0')
    return FALSE;
  while (is_blank (*p))
    p++;
  rule->data = p;
  while (*p != '\0' && *p != ',' && !is_blank (*p))
    p++;
  rule->len = (gsize) (p - rule->data);

  while (is_blank (*p))
    p++;
  if (*p != ',')
    p += strlen (p);
  while (*p == ',')
    p++;
  *rules = p;

  return TRUE;
}

gboolean
gm_no_proxy_matches (const char *rules,
                     GmSpan host)
{
  Numeric numeric;
  GmSpan rule;

  if (host.len == 0)
    return FALSE;
  if (strcmp (rules, "*") == 0)
    return TRUE;

  numeric = read_numeric (host);
  host = without_last_dot (host);
  while (next_rule (&rules, &rule))
    {
      if (rule.len == 0)
        continue;
      if (numeric.len != 0 ? address_matches (&numeric, rule) : name_matches (host, rule))
        return TRUE;
    }

  return FALSE;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-memory.h"

#include <glib.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

/* The curl_mprintf () family. It differs from the C library's in what programs rely on: %s of NULL is "(nil)", 'O', 'q'
 * and 'z' are sizes everywhere, a limited buffer answers how much was written, and nothing depends on the system. A
 * format is read once into conversions, then the arguments are fetched in their order (they may be numbered: %2$s), then
 * the text is made. */

#define MAX_CONVERSIONS 128
#define MAX_ARGUMENTS 128
#define MAX_FIELD 1000000 /* width or precision: above it a format is called wrong */
#define FLOAT_SIZE 326 /* at most so many bytes, with the NUL, for one float: width and precision are cut to it */

typedef enum
{
  ARGUMENT_NONE,
  ARGUMENT_INT,
  ARGUMENT_LONG,
  ARGUMENT_LONG_LONG,
  ARGUMENT_SIZE,
  ARGUMENT_DOUBLE,
  ARGUMENT_POINTER,
} ArgumentType;

typedef union
{
  guint64 number; /* sign-extended */
  double real;
  void *pointer;
} Argument;

enum
{
  FLAG_LEFT = 1 << 0,
  FLAG_PLUS = 1 << 1,
  FLAG_BLANK = 1 << 2,
  FLAG_ALT = 1 << 3,
  FLAG_ZERO = 1 << 4,
};

typedef struct
{
  const char *literal; /* what stands before it */
  gsize literal_len;
  char kind; /* conversion letter, '%', or 0 at the end */
  guint8 flags;
  gint16 value; /* number of its argument, −1 none */
  gint16 width_from; /* the argument that has the width; −1 = @width */
  gint16 precision_from;
  int width;
  int precision; /* −1 none */
  ArgumentType size;
} Conversion;

typedef struct
{
  Conversion items[MAX_CONVERSIONS + 1]; /* the last is the text behind them */
  guint n_items;
  ArgumentType types[MAX_ARGUMENTS];
  guint n_arguments; /* highest one used */
  guint next; /* the next one without a number */
} Format;

/* ---- where text goes ---- */

typedef struct
{
  gboolean (*put) (gpointer self, const char *data, gsize len);
  gsize written;
  char *buffer;
  gsize size; /* of the buffer, with NUL */
  FILE *file;
  gboolean failed; /* nothing more is taken */
} Sink;

static void
put (Sink *sink,
     const char *data,
     gsize len)
{
  if (!sink->failed && len > 0)
    sink->failed = !sink->put (sink, data, len);
}

static void
put_repeated (Sink *sink,
              char c,
              int n)
{
  char block[64];

  memset (block, c, sizeof block);
  for (; n > 0 && !sink->failed; n -= (int) sizeof block)
    put (sink, block, MIN ((gsize) n, sizeof block));
}

static gboolean
put_limited (gpointer self,
             const char *data,
             gsize len)
{
  Sink *sink = self;
  gsize room = sink->size - sink->written;
  gsize n = MIN (len, room);

  memcpy (sink->buffer + sink->written, data, n);
  sink->written += n;
  return n == len;
}

static gboolean
put_unlimited (gpointer self,
               const char *data,
               gsize len)
{
  Sink *sink = self;

  memcpy (sink->buffer + sink->written, data, len);
  sink->written += len;
  return TRUE;
}

static gboolean
put_growing (gpointer self,
             const char *data,
             gsize len)
{
  Sink *sink = self;

  if (len >= sink->size - sink->written)
    {
      gsize size = MAX (sink->size * 2, sink->written + len + 1);
      char *larger = size > sink->size ? gm_curl_memory.realloc (sink->buffer, size) : NULL;

      if (larger == NULL)
        return FALSE;
      sink->buffer = larger;
      sink->size = size;
    }

  return put_unlimited (self, data, len);
}

static gboolean
put_file (gpointer self,
          const char *data,
          gsize len)
{
  Sink *sink = self;
  gsize n = fwrite (data, 1, len, sink->file);

  sink->written += n;
  return n == len;
}

/* ---- reading the format ---- */

/* Decimal digits at *@p; −1 if there are none, −2 if they are too many. */
static int
read_number (const char **p)
{
  int value = -1;

  for (; g_ascii_isdigit (**p); (*p)++)
    {
      value = MAX (value, 0) * 10 + (**p - '0');
      if (value > MAX_FIELD)
        return -2;
    }

  return value;
}

/* The number of an argument: a given one ("2$", counted from 1), or the next. −1 when there are too many. */
static int
claim_argument (Format *format,
                int given,
                ArgumentType type)
{
  guint index = given > 0 ? (guint) given - 1 : format->next++;

  if (index >= MAX_ARGUMENTS)
    return -1;

  format->types[index] = type;
  format->n_arguments = MAX (format->n_arguments, index + 1);
  return (int) index;
}

/* "*" or "*3$" behind *@p. */
static gboolean
read_star (Format *format,
           const char **p,
           gint16 *from)
{
  const char *behind = *p;
  int given = read_number (&behind);

  if (given > 0 && *behind == '$')
    *p = behind + 1;
  else
    given = 0;

  *from = (gint16) claim_argument (format, given, ARGUMENT_INT);
  return *from >= 0;
}

static void
read_flags (Conversion *item,
            const char **p)
{
  for (;; (*p)++)
    {
      switch (**p)
        {
        case '-':
          item->flags |= FLAG_LEFT;
          break;
        case '+':
          item->flags |= FLAG_PLUS;
          break;
        case ' ':
          item->flags |= FLAG_BLANK;
          break;
        case '#':
          item->flags |= FLAG_ALT;
          break;
        case '0':
          item->flags |= FLAG_ZERO;
          break;
        default:
          return;
        }
    }
}

static void
read_size (Conversion *item,
           const char **p)
{
  item->size = ARGUMENT_INT;
  for (;; (*p)++)
    {
      switch (**p)
        {
        case 'h':
          break;
        case 'l':
          item->size = item->size == ARGUMENT_LONG ? ARGUMENT_LONG_LONG : ARGUMENT_LONG;
          break;
        case 'L':
        case 'q':
        case 'O':
          item->size = ARGUMENT_LONG_LONG;
          break;
        case 'z':
          item->size = ARGUMENT_SIZE;
          break;
        default:
          return;
        }
    }
}

static gboolean
read_width_and_precision (Format *format,
                          Conversion *item,
                          const char **p)
{
  gboolean negative;

  if (**p == '*')
    {
      (*p)++;
      if (!read_star (format, p, &item->width_from))
        return FALSE;
    }
  else
    {
      int width = read_number (p);

      if (width < -1)
        return FALSE;
      item->width = MAX (width, 0);
    }

  if (**p != '.')
    return TRUE;
  (*p)++;
  if (**p == '*')
    {
      (*p)++;
      return read_star (format, p, &item->precision_from);
    }
  /* a negative one is none */
  negative = **p == '-';
  if (negative)
    (*p)++;
  item->precision = read_number (p);
  if (item->precision < -1)
    return FALSE;
  item->precision = negative ? -1 : MAX (item->precision, 0);
  return TRUE;
}

static ArgumentType
argument_type_for (const Conversion *item)
{
  switch (item->kind)
    {
    case 'd':
    case 'i':
    case 'o':
    case 'u':
    case 'x':
    case 'X':
      return item->size;
    case 'c':
      return ARGUMENT_INT;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      return ARGUMENT_DOUBLE;
    case 's':
    case 'S':
    case 'p':
    case 'n':
      return ARGUMENT_POINTER;
    default:
      return ARGUMENT_NONE;
    }
}

/* One conversion, *@p behind its '%'. */
static gboolean
read_conversion (Format *format,
                 Conversion *item,
                 const char **p)
{
  const char *behind = *p;
  int given = read_number (&behind);
  ArgumentType type;

  if (given > 0 && *behind == '$')
    *p = behind + 1;
  else
    given = 0;

  read_flags (item, p);
  if (!read_width_and_precision (format, item, p))
    return FALSE;
  read_size (item, p);
  item->kind = **p;
  type = argument_type_for (item);
  if (item->kind == '\0')
    return TRUE;
  if (item->kind == '.')
    return FALSE; /* a second precision */
  (*p)++;
  if (type == ARGUMENT_NONE)
    {
      /* "%%" is one, an unknown letter nothing */
      return TRUE;
    }

  item->value = (gint16) claim_argument (format, given, type);
  return item->value >= 0;
}

static gboolean
read_format (Format *format,
             const char *p)
{
  memset (format->types, 0, sizeof format->types);
  format->n_items = format->n_arguments = format->next = 0;

  for (;;)
    {
      Conversion *item = &format->items[format->n_items++];

      *item = (Conversion){ .literal = p, .value = -1, .width_from = -1, .precision_from = -1, .precision = -1 };
      item->literal_len = strcspn (p, "%");
      p += item->literal_len;
      if (*p == '\0')
        return TRUE;
      p++;
      if (format->n_items > MAX_CONVERSIONS || !read_conversion (format, item, &p))
        return FALSE;
    }
}

static gboolean
is_signed (char kind)
{
  return kind == 'd' || kind == 'i' || kind == 'c';
}

static void
fetch_arguments (const Format *format,
                 Argument *arguments,
                 va_list args)
{
  for (guint i = 0; i < format->n_arguments; i++)
    {
      switch (format->types[i])
        {
        case ARGUMENT_LONG:
          arguments[i].number = (guint64) (gint64) va_arg (args, long);
          break;
        case ARGUMENT_LONG_LONG:
          arguments[i].number = (guint64) va_arg (args, long long);
          break;
        case ARGUMENT_SIZE:
          arguments[i].number = (guint64) (gssize) va_arg (args, gsize);
          break;
        case ARGUMENT_DOUBLE:
          arguments[i].real = va_arg (args, double);
          break;
        case ARGUMENT_POINTER:
          arguments[i].pointer = va_arg (args, void *);
          break;
        case ARGUMENT_INT:
        case ARGUMENT_NONE: /* skipped by the numbers: assumed to be an int */
        default:
          arguments[i].number = (guint64) (gint64) va_arg (args, int);
          break;
        }
    }
}

/* ---- making text ---- */

static void
write_padded (Sink *sink,
              const Conversion *item,
              const char *text,
              gsize len)
{
  int padding = (gsize) item->width > len ? item->width - (int) len : 0;

  if (!(item->flags & FLAG_LEFT))
    put_repeated (sink, ' ', padding);
  put (sink, text, len);
  if (item->flags & FLAG_LEFT)
    put_repeated (sink, ' ', padding);
}

static void
write_string (Sink *sink,
              const Conversion *item,
              const char *text)
{
  gboolean quoted = (item->flags & FLAG_ALT) != 0 && text != NULL;
  Conversion inner = *item;
  gsize len;

  if (text == NULL)
    {
      /* a part of it would look like data */
      text = item->precision < 0 || item->precision >= 5 ? "(nil)" : "";
      inner.precision = -1;
    }
  len = inner.precision >= 0 ? strnlen (text, (gsize) inner.precision) : strlen (text);

  if (quoted)
    {
      inner.width = MAX (inner.width - 2, 0);
      put (sink, "\"", 1);
    }
  write_padded (sink, &inner, text, len);
  if (quoted)
    put (sink, "\"", 1);
}

/* The unsigned digits of @value, right-aligned in @buffer; returns their beginning. */
static char *
write_digits (char *end,
              guint64 value,
              char kind)
{
  const char *digits = kind == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  guint base = kind == 'o' ? 8 : kind == 'x' || kind == 'X' || kind == 'p' ? 16 : 10;

  while (value > 0)
    {
      *--end = digits[value % base];
      value /= base;
    }

  return end;
}

static void
write_integer (Sink *sink,
               const Conversion *item,
               guint64 value)
{
  char buffer[32], prefix[3];
  char *end = buffer + sizeof buffer, *digits;
  gboolean negative = is_signed (item->kind) && (gint64) value < 0;
  int n_digits, n_prefix = 0, zeros, padding;

  digits = write_digits (end, negative ? 0 - value : value, item->kind);
  n_digits = (int) (end - digits);

  if (negative)
    prefix[n_prefix++] = '-';
  else if (is_signed (item->kind) && (item->flags & (FLAG_PLUS | FLAG_BLANK)))
    prefix[n_prefix++] = item->flags & FLAG_PLUS ? '+' : ' ';
  if ((item->flags & FLAG_ALT) && value != 0 && (item->kind == 'x' || item->kind == 'X'))
    {
      prefix[n_prefix++] = '0';
      prefix[n_prefix++] = item->kind;
    }

  zeros = MAX ((item->precision >= 0 ? item->precision : 1) - n_digits, 0);
  if ((item->flags & FLAG_ALT) && item->kind == 'o' && zeros == 0)
    zeros = 1;
  padding = MAX (item->width - n_prefix - zeros - n_digits, 0);
  if ((item->flags & FLAG_ZERO) && !(item->flags & FLAG_LEFT) && item->precision < 0)
    {
      zeros += padding;
      padding = 0;
    }

  if (!(item->flags & FLAG_LEFT))
    put_repeated (sink, ' ', padding);
  put (sink, prefix, (gsize) n_prefix);
  put_repeated (sink, '0', zeros);
  put (sink, digits, (gsize) n_digits);
  if (item->flags & FLAG_LEFT)
    put_repeated (sink, ' ', padding);
}

static void
write_real (Sink *sink,
            const Conversion *item,
            double value)
{
  char format[16], buffer[FLOAT_SIZE];
  char *p = format;
  int room = FLOAT_SIZE - 3, len;

  *p++ = '%';
  if (item->flags & FLAG_LEFT)
    *p++ = '-';
  if (item->flags & FLAG_PLUS)
    *p++ = '+';
  if (item->flags & FLAG_BLANK)
    *p++ = ' ';
  if (item->flags & FLAG_ALT)
    *p++ = '#';
  if (item->flags & FLAG_ZERO)
    *p++ = '0';
  memcpy (p, "*.*", 3);
  p += 3;
  *p++ = item->kind;
  *p = '\0';

  /* what the digits before the point leave */
  for (double rest = fabs (value); rest >= 10 && room > 0 && isfinite (rest); rest /= 10)
    room--;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  len = snprintf (buffer, sizeof buffer, format, MIN (item->width, FLOAT_SIZE - 1),
                  item->precision < 0 ? 6 : MIN (item->precision, room), value);
#pragma GCC diagnostic pop
  put (sink, buffer, (gsize) CLAMP (len, 0, FLOAT_SIZE - 1));
}

/* As if it had not been "%n" of a type: the count in the size that was asked for. */
static void
store_count (const Sink *sink,
             const Conversion *item,
             void *where)
{
  if (where == NULL)
    return;
  if (item->size == ARGUMENT_LONG)
    *(long *) where = (long) sink->written;
  else if (item->size == ARGUMENT_LONG_LONG || item->size == ARGUMENT_SIZE)
    *(long long *) where = (long long) sink->written;
  else
    *(int *) where = (int) sink->written;
}

static guint64
number_for (const Conversion *item,
            const Argument *argument)
{
  if (is_signed (item->kind))
    return argument->number;
  if (item->size == ARGUMENT_INT)
    return (guint) argument->number;
  if (item->size == ARGUMENT_LONG)
    return (gulong) argument->number;
  return argument->number;
}

static void
write_item (Sink *sink,
            Conversion *item,
            const Argument *argument)
{
  char c;

  switch (item->kind)
    {
    case '\0':
      break;
    case 'd':
    case 'i':
    case 'o':
    case 'u':
    case 'x':
    case 'X':
      write_integer (sink, item, number_for (item, argument));
      break;
    case 'c':
      c = (char) argument->number;
      write_padded (sink, item, &c, 1);
      break;
    case 's':
      write_string (sink, item, argument->pointer);
      break;
    case 'S':
      item->flags |= FLAG_ALT;
      write_string (sink, item, argument->pointer);
      break;
    case 'p':
      item->kind = 'x';
      item->flags |= FLAG_ALT;
      if (argument->pointer != NULL)
        write_integer (sink, item, (guint64) (gsize) argument->pointer);
      else
        write_padded (sink, item, "(nil)", 5);
      break;
    case 'n':
      store_count (sink, item, argument->pointer);
      break;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      write_real (sink, item, argument->real);
      break;
    case '%':
      put (sink, &item->kind, 1);
      break;
    default:
      break; /* nobody knows it */
    }
}

/* Returns how much the sink took. */
static int
print (Sink *sink,
       const char *text,
       va_list args)
{
  Format format;
  Argument arguments[MAX_ARGUMENTS];
  va_list copy;

  if (!read_format (&format, text))
    return 0;

  va_copy (copy, args);
  fetch_arguments (&format, arguments, copy);
  va_end (copy);

  for (guint i = 0; i < format.n_items && !sink->failed; i++)
    {
      Conversion *item = &format.items[i];

      put (sink, item->literal, item->literal_len);
      if (item->width_from >= 0)
        {
          item->width = (int) arguments[item->width_from].number;
          if (item->width < 0 && argument_type_for (item) == ARGUMENT_DOUBLE)
            item->width = 0; /* as libcurl does */
          if (item->width < 0)
            item->flags |= FLAG_LEFT;
          item->width = item->width > -MAX_FIELD ? MIN (ABS (item->width), MAX_FIELD) : MAX_FIELD;
        }
      if (item->precision_from >= 0)
        item->precision = CLAMP ((int) arguments[item->precision_from].number, -1, MAX_FIELD);
      write_item (sink, item, item->value >= 0 ? &arguments[item->value] : NULL);
    }

  return (int) MIN (sink->written, INT_MAX);
}

/* ---- public ---- */

int
curl_mvsnprintf (char *buffer,
                 size_t maxlength,
                 const char *format,
                 va_list args)
{
  Sink sink = { .put = put_limited, .buffer = buffer, .size = maxlength - 1 };
  int n;

  if (maxlength == 0)
    return 0;

  n = print (&sink, format, args);
  buffer[sink.written] = '\0';
  return n;
}

int
curl_mvsprintf (char *buffer,
                const char *format,
                va_list args)
{
  Sink sink = { .put = put_unlimited, .buffer = buffer };
  int n = print (&sink, format, args);

  buffer[sink.written] = '\0';
  return n;
}

char *
curl_mvaprintf (const char *format,
                va_list args)
{
  Sink sink = { .put = put_growing };

  print (&sink, format, args);
  if (sink.failed)
    {
      gm_curl_memory.free (sink.buffer);
      return NULL;
    }
  if (sink.buffer == NULL)
    return gm_curl_memory.strdup ("");

  sink.buffer[sink.written] = '\0';
  return sink.buffer;
}

int
curl_mvfprintf (FILE *fd,
                const char *format,
                va_list args)
{
  Sink sink = { .put = put_file, .file = fd };

  return print (&sink, format, args);
}

int
curl_mvprintf (const char *format,
               va_list args)
{
  return curl_mvfprintf (stdout, format, args);
}

#define PRINTF_BODY(type, call)                                                                                        \
  va_list args;                                                                                                        \
  type result;                                                                                                         \
                                                                                                                       \
  va_start (args, format);                                                                                             \
  result = call;                                                                                                       \
  va_end (args);                                                                                                       \
  return result;

int
curl_mprintf (const char *format,
              ...)
{
  PRINTF_BODY (int, curl_mvprintf (format, args))
}

int
curl_mfprintf (FILE *fd,
               const char *format,
               ...)
{
  PRINTF_BODY (int, curl_mvfprintf (fd, format, args))
}

int
curl_msprintf (char *buffer,
               const char *format,
               ...)
{
  PRINTF_BODY (int, curl_mvsprintf (buffer, format, args))
}

int
curl_msnprintf (char *buffer,
                size_t maxlength,
                const char *format,
                ...)
{
  PRINTF_BODY (int, curl_mvsnprintf (buffer, maxlength, format, args))
}

char *
curl_maprintf (const char *format,
               ...)
{
  PRINTF_BODY (char *, curl_mvaprintf (format, args))
}

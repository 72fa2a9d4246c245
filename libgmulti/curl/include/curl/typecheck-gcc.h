/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CURLINC_TYPECHECK_GCC_H
#define CURLINC_TYPECHECK_GCC_H

/* Variable arguments are read by the option's type whatever was passed. Where the option is a constant the compiler can
 * see a wrong kind of value: it is sorted into integers that fit a long, integers of curl_off_t's size, and everything
 * else, which has to be a pointer. A wrong one is a warning, never an error, and costs nothing at run time. */

#define CURLINC_IS_LONG 1
#define CURLINC_IS_OFF_T 2
#define CURLINC_IS_POINTER 4
#define CURLINC_IS_WRONG 0

/* clang-format off */
#define CURLINC_KIND(value)                                                                  \
  _Generic ((value),                                                                         \
            _Bool : CURLINC_IS_LONG,                                                         \
            char : CURLINC_IS_LONG,                                                          \
            signed char : CURLINC_IS_LONG,                                                   \
            unsigned char : CURLINC_IS_LONG,                                                 \
            short : CURLINC_IS_LONG,                                                         \
            unsigned short : CURLINC_IS_LONG,                                                \
            int : CURLINC_IS_LONG,                                                           \
            unsigned int : CURLINC_IS_LONG,                                                  \
            long : CURLINC_IS_LONG | CURLINC_LONG_IS_OFF_T,                                  \
            unsigned long : CURLINC_IS_LONG | CURLINC_LONG_IS_OFF_T,                         \
            long long : CURLINC_IS_OFF_T,                                                    \
            unsigned long long : CURLINC_IS_OFF_T,                                           \
            float : CURLINC_IS_WRONG,                                                        \
            double : CURLINC_IS_WRONG,                                                       \
            long double : CURLINC_IS_WRONG,                                                  \
            default : CURLINC_IS_POINTER)
/* clang-format on */

#define CURLINC_LONG_IS_OFF_T (sizeof (long) == sizeof (curl_off_t) ? CURLINC_IS_OFF_T : 0)

/* What the number of an option asks for. */
#define CURLINC_WANTED(option)                                                               \
  ((int) (option) >= CURLOPTTYPE_OFF_T && (int) (option) < CURLOPTTYPE_BLOB ? CURLINC_IS_OFF_T \
   : (int) (option) >= CURLOPTTYPE_OBJECTPOINT                              ? CURLINC_IS_POINTER \
                                                                            : CURLINC_IS_LONG)

/* A long 0 in a pointer's place is how some programs write NULL. */
#define CURLINC_IS_NULL(value) (__builtin_constant_p (value) && _Generic ((value), long : (value), default : 1L) == 0L)

#define CURLINC_MISFIT(option, value)                                                        \
  (__builtin_constant_p (option) && !(CURLINC_KIND (value) & CURLINC_WANTED (option)) && !CURLINC_IS_NULL (value))

#define CURLINC_WARNING(name, text)                                                          \
  static void __attribute__ ((__warning__ (text), __unused__, __noinline__)) name (void)     \
  {                                                                                          \
    __asm__ ("");                                                                            \
  }

CURLINC_WARNING (curlinc_setopt_wants_long, "curl_easy_setopt wants a long for this option")
CURLINC_WARNING (curlinc_setopt_wants_off_t, "curl_easy_setopt wants a curl_off_t for this option")
CURLINC_WARNING (curlinc_setopt_wants_pointer, "curl_easy_setopt wants a pointer for this option")
CURLINC_WARNING (curlinc_multi_setopt_misfit, "curl_multi_setopt wants another type for this option")
CURLINC_WARNING (curlinc_getinfo_wants_pointer, "curl_easy_getinfo wants a pointer to where the answer goes")
CURLINC_WARNING (curlinc_getinfo_misfit, "curl_easy_getinfo wants a pointer to another type for this information")

#define curl_easy_setopt(handle, option, value)                                              \
  __extension__({                                                                            \
    if (CURLINC_MISFIT (option, value))                                                      \
      {                                                                                      \
        if (CURLINC_WANTED (option) == CURLINC_IS_LONG)                                      \
          curlinc_setopt_wants_long ();                                                      \
        if (CURLINC_WANTED (option) == CURLINC_IS_OFF_T)                                     \
          curlinc_setopt_wants_off_t ();                                                     \
        if (CURLINC_WANTED (option) == CURLINC_IS_POINTER)                                   \
          curlinc_setopt_wants_pointer ();                                                   \
      }                                                                                      \
    (curl_easy_setopt) (handle, option, value);                                              \
  })

#define curl_multi_setopt(handle, option, value)                                             \
  __extension__({                                                                            \
    if (CURLINC_MISFIT (option, value))                                                      \
      curlinc_multi_setopt_misfit ();                                                        \
    (curl_multi_setopt) (handle, option, value);                                             \
  })

/* Which type an information is stored as: the bits of its number against the type that the pointer points to. */
/* clang-format off */
#define CURLINC_STORED(arg)                                                                  \
  _Generic ((arg),                                                                           \
            long * : CURLINC_LONG_IS_OFF_T ? CURLINC_STORES (LONG) | CURLINC_STORES (OFF_T)  \
                                           : CURLINC_STORES (LONG),                          \
            unsigned long * : CURLINC_STORES (LONG),                                         \
            long long * : CURLINC_STORES (OFF_T),                                            \
            double * : CURLINC_STORES (DOUBLE),                                              \
            int * : CURLINC_STORES (SOCKET),                                                 \
            unsigned int * : 0,                                                              \
            float * : 0,                                                                     \
            default : ~0)
/* clang-format on */
#define CURLINC_STORES(type) (1 << (CURLINFO_##type >> 20))
#define CURLINC_INFO_MISFIT(info, arg)                                                       \
  (__builtin_constant_p (info) && !(CURLINC_STORED (arg) & (1 << (((int) (info) & CURLINFO_TYPEMASK) >> 20))))

#define curl_easy_getinfo(handle, info, arg)                                                 \
  __extension__({                                                                            \
    if (CURLINC_KIND (arg) != CURLINC_IS_POINTER)                                            \
      curlinc_getinfo_wants_pointer ();                                                      \
    if (CURLINC_INFO_MISFIT (info, arg))                                                     \
      curlinc_getinfo_misfit ();                                                             \
    (curl_easy_getinfo) (handle, info, arg);                                                 \
  })

#define curl_share_setopt(share, option, value) (curl_share_setopt) (share, option, value)

#endif

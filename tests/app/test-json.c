/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "config.h"

#include <locale.h>
#include <math.h>
#include <string.h>

#include "gm-json-variant.h"
#include "gm-json.h"

static char *
compact (const char *text,
         gssize      len)
{
  g_autoptr(GString) out = g_string_new ("before");
  g_autoptr(GError) error = NULL;
  GmJsonPosition position = { 0 };

  if (gm_json_compact (out, text, len < 0 ? strlen (text) : (gsize) len, &position, &error))
    {
      g_assert_no_error (error);
      g_assert_true (g_str_has_prefix (out->str, "before"));
      return g_strdup (out->str + 6);
    }
  g_assert_nonnull (error);
  g_assert_cmpstr (out->str, ==, "before");
  g_assert_cmpuint (position.line, >, 0);

  return g_strdup_printf ("!%u:%u: %s", position.line, position.column, error->message);
}

typedef struct
{
  const char *text;
  const char *expected;  /* beginning with "!": the start of the error */
} Case;

static void
check_cases (const Case *cases,
             gsize       n)
{
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *got = compact (cases[i].text, -1);

      if (*cases[i].expected == '!')
        {
          if (!g_str_has_prefix (got, cases[i].expected))
            g_error ("%s gives %s, not %s", cases[i].text, got, cases[i].expected);
        }
      else
        g_assert_cmpstr (got, ==, cases[i].expected);
    }
}

static void
test_accept (void)
{
  static const Case cases[] = {
    { "null", "null" },
    { " \t\r\n true \n", "true" },
    { "[]", "[]" },
    { "[ ]", "[]" },
    { "{ }", "{}" },
    { "[1, 2 ,3]", "[1,2,3]" },
    { "{\"b\": 1, \"a\" :[{}]}", "{\"b\":1,\"a\":[{}]}" },
    { "{\"\": 1}", "{\"\":1}" },
    { "\"\\u0041\\/\\\"\\\\\\b\\f\\n\\r\\t\"", "\"A/\\\"\\\\\\b\\f\\n\\r\\t\"" },
    { "\"\\u001F\\u007f\\u00e9\\ud83d\\ude00\"", "\"\\u001f\x7f\xc3\xa9\xf0\x9f\x98\x80\"" },
    { "\"\xe2\x82\xac\xf4\x8f\xbf\xbf\"", "\"\xe2\x82\xac\xf4\x8f\xbf\xbf\"" },
    { "-0", "0" },
    { "[-0,-0.0]", "[0,-0.0]" },
    { "9223372036854775807", "9223372036854775807" },
    { "-9223372036854775808", "-9223372036854775808" },
    { "0.1", "0.1" },
    { "1e2", "100.0" },
    { "1E+2", "100.0" },
    { "-0.0", "-0.0" },
    { "1.50", "1.5" },
    { "1e-400", "0.0" },
    { "123456789.123456789", "123456789.12345679" },
    { "1e16", "1e+16" },
    { "0.00001", "1e-05" },
    { "0.0001", "0.0001" },
    { "1.7976931348623157e308", "1.7976931348623157e+308" },
    { "5e-324", "5e-324" },
    { "100000000000000000000.0", "1e+20" },
  };

  check_cases (cases, G_N_ELEMENTS (cases));
}

static void
test_reject (void)
{
  static const Case cases[] = {
    { "", "!1:1: expected a value, got the end" },
    { " \n ", "!2:2: expected a value" },
    { "\xef\xbb\xbf[]", "!1:1: expected a value, got a byte order mark" },
    { "010", "!1:1: a number must not begin with 0" },
    { "-01", "!1:1: a number must not begin with 0" },
    { "0x10", "!1:2: expected nothing after the value, got \"x\"" },
    { "+1", "!1:1: expected a value, got \"+\"" },
    { ".5", "!1:1: expected a value" },
    { "1.", "!1:3: expected a digit, got the end" },
    { "1.e5", "!1:3: expected a digit" },
    { "1e", "!1:3: expected a digit" },
    { "1e+", "!1:4: expected a digit" },
    { "-", "!1:2: expected a digit" },
    { "NaN", "!1:1: expected a value" },
    { "Infinity", "!1:1: expected a value" },
    { "nul", "!1:1: expected a value" },
    { "True", "!1:1: expected a value" },
    { "truee", "!1:5: expected nothing after the value" },
    { "1 2", "!1:3: expected nothing after the value" },
    { "[1,]", "!1:4: expected a value, got \"]\"" },
    { "[,1]", "!1:2: expected a value" },
    { "[1 2]", "!1:4: expected \",\" or \"]\"" },
    { "[1", "!1:3: expected \",\" or \"]\", got the end" },
    { "[1}", "!1:3: expected \",\" or \"]\", got \"}\"" },
    { "{\"a\":1,}", "!1:8: expected a key in double quotes" },
    { "{a:1}", "!1:2: expected a key in double quotes, got \"a\"" },
    { "{'a':1}", "!1:2: expected a key in double quotes, got \"'\"" },
    { "{\"a\" 1}", "!1:6: expected \":\", got \"1\"" },
    { "{\"a\":}", "!1:6: expected a value" },
    { "{\"a\":1", "!1:7: expected \",\" or \"}\"" },
    { "'a'", "!1:1: expected a value, got \"'\"" },
    { "/* c */ 1", "!1:1: expected a value" },
    { "1 // c", "!1:3: expected nothing after the value" },
    { "[1] # c", "!1:5: expected nothing" },
    { "\"a", "!1:3: the string is not closed" },
    { "\"a\nb\"", "!1:3: the character U+000A in a string must be written as \\u000a" },
    { "\"\x01\"", "!1:2: the character U+0001" },
    { "\"\\x\"", "!1:2: expected one of" },
    { "\"\\u12\"", "!1:2: expected four hexadecimal digits" },
    { "\"\\u000g\"", "!1:2: expected four" },
    { "\"a\\u0000b\"", "!1:3: \\u0000 is not allowed" },
    { "\"\\ud800\"", "!1:2: \\ud800 is half a surrogate pair" },
    { "\"\\ud800\\u0041\"", "!1:2: \\ud800 is half" },
    { "\"\\udc00\\ud800\"", "!1:2: \\udc00 is half" },
    { "\"\\ud800x\"", "!1:2: \\ud800 is half" },
    { "\"\xff\"", "!1:2: the byte 0xff is not UTF-8" },
    { "\"\xc0\x80\"", "!1:2: the byte 0xc0" },
    { "\"\xe0\x80\x80\"", "!1:2: the byte 0xe0" },
    { "\"\xed\xa0\x80\"", "!1:2: the byte 0xed" },
    { "\"\xf4\x90\x80\x80\"", "!1:2: the byte 0xf4" },
    { "\"\xe2\x82\"", "!1:2: the byte 0xe2" },
    { "[\xff]", "!1:2: expected a value, got the byte 0xff, which is not UTF-8" },
    { "9223372036854775808", "!1:1: the integer 9223372036854775808 is outside" },
    { "-9223372036854775809", "!1:1: the integer -9223372036854775809 is outside" },
    { "18446744073709551615", "!1:1: the integer" },
    { "1e400", "!1:1: the number 1e400 is too large" },
    { "-1e400", "!1:1: the number -1e400 is too large" },
    { "{\"a\":1,\"b\":2,\"a\":3}", "!1:14: the key \"a\" is there twice" },
    { "{\"a\":1,\"\\u0061\":3}", "!1:8: the key \"a\" is there twice" },
    { "[{\"x\":{\"k\":1,\n\"k\":2}}]", "!2:1: the key \"k\" is there twice" },
    { "[\n  \"\xc3\xa9\xc3\xa9\" x]", "!2:8: expected" },
    { "\v1", "!1:1: expected a value, got U+000B" },
  };
  g_autofree char *nul = compact ("[\"a\0b\"]", 7);
  g_autofree char *after = compact ("1\0", 2);

  check_cases (cases, G_N_ELEMENTS (cases));
  g_assert_true (g_str_has_prefix (nul, "!1:4: a NUL byte is not allowed in strings"));
  g_assert_true (g_str_has_prefix (after, "!1:2: expected nothing"));
}

/* A key that is cut in a message is cut between characters. */
static void
test_long_key (void)
{
  g_autoptr(GString) text = g_string_new ("{\"x");
  g_autofree char *got = NULL;

  for (int i = 0; i < 150; i++)
    g_string_append (text, "\xc3\xa9");
  g_string_append (text, "\":1,");
  g_string_append_len (text, text->str + 1, text->len - 2);
  g_string_append_c (text, '}');
  got = compact (text->str, -1);
  g_assert_true (g_str_has_suffix (got, "\xc3\xa9...\" is there twice"));
  g_assert_true (g_utf8_validate (got, -1, NULL));
}

static void
test_depth (void)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_autofree char *deep = NULL;
  g_autofree char *deeper = NULL;

  for (int i = 0; i < 512; i++)
    g_string_append_c (text, '[');
  for (int i = 0; i < 512; i++)
    g_string_append_c (text, ']');
  deep = compact (text->str, -1);
  g_assert_cmpstr (deep, ==, text->str);

  g_string_prepend_c (text, '[');
  g_string_append_c (text, ']');
  deeper = compact (text->str, -1);
  g_assert_true (g_str_has_prefix (deeper, "!1:513: nested more than 512 levels"));
}

static void
test_many_keys (void)
{
  g_autoptr(GString) text = g_string_new ("{");
  g_autofree char *good = NULL;
  g_autofree char *bad = NULL;

  for (int i = 0; i < 200000; i++)
    g_string_append_printf (text, "%s\"key%d\":%d", i > 0 ? "," : "", i, i);
  g_string_append_c (text, '}');
  good = compact (text->str, -1);
  g_assert_cmpstr (good, ==, text->str);

  g_string_truncate (text, text->len - 1);
  g_string_append (text, ",\"key777\":1}");
  bad = compact (text->str, -1);
  g_assert_nonnull (strstr (bad, "the key \"key777\" is there twice"));
}

static double
random_double (GRand *rand)
{
  union { guint64 bits; double value; } number;

  do
    number.bits = ((guint64) g_rand_int (rand) << 32) | g_rand_int (rand);
  while (!isfinite (number.value));

  return number.value;
}

static gsize
append_checked (double value)
{
  g_autoptr(GString) out = g_string_new (NULL);
  g_autoptr(JsonNode) node = NULL;

  gm_json_append_double (out, value);
  g_assert_true (g_ascii_strtod (out->str, NULL) == value);
  g_assert_true (strpbrk (out->str, ".e") != NULL);
  node = gm_json_parse (out->str, out->len, NULL, NULL);
  g_assert_nonnull (node);
  g_assert_true (json_node_get_value_type (node) == G_TYPE_DOUBLE);
  g_assert_true (json_node_get_double (node) == value);
  g_assert_true (!signbit (json_node_get_double (node)) == !signbit (value));

  return out->len;
}

static void
test_doubles (void)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed (20240229);
  static const struct { double value; const char *text; } known[] = {
    { 0.0, "0.0" }, { -0.0, "-0.0" }, { 1.0, "1.0" }, { 0.1, "0.1" }, { 1.0 / 3, "0.3333333333333333" },
    { 123456.789, "123456.789" }, { 1e15, "1000000000000000.0" }, { 1e16, "1e+16" },
    { 9007199254740993.0, "9007199254740992.0" }, { 1e22, "1e+22" }, { 1e23, "1e+23" },
    { 1.5e-5, "1.5e-05" }, { 5e-324, "5e-324" }, { 2.2250738585072014e-308, "2.2250738585072014e-308" },
    { 0x1p-44, "5.684341886080802e-14" }, { 1.7976931348623157e308, "1.7976931348623157e+308" },
    { 12345678901234567890.0, "1.2345678901234567e+19" }, { 0.00012, "0.00012" },
    { -2.5e-7, "-2.5e-07" }, { 2251799813685249.5, "2251799813685249.5" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_autoptr(GString) out = g_string_new (NULL);

      gm_json_append_double (out, known[i].value);
      g_assert_cmpstr (out->str, ==, known[i].text);
    }
  for (int i = 0; i < 20000; i++)
    append_checked (random_double (rand));
  for (int i = 0; i < 20000; i++)
    append_checked (g_rand_int_range (rand, -1000000, 1000000) / 1000.0);
  for (int exponent = -1074; exponent <= 1023; exponent++)
    g_assert_cmpuint (append_checked (ldexp (1, exponent)), <=, 23);
}

static void
test_doubles_ignore_locale (void)
{
  g_autofree char *before = g_strdup (setlocale (LC_NUMERIC, NULL));
  g_autofree char *text = NULL;

  /* Where there is no such locale this is the test above once more. */
  setlocale (LC_NUMERIC, "de_DE.UTF-8");
  text = compact ("[0.5,1.25e10]", -1);
  g_assert_cmpstr (text, ==, "[0.5,12500000000.0]");
  setlocale (LC_NUMERIC, before);
}

static void
test_strings (void)
{
  g_autoptr(GString) out = g_string_new (NULL);

  gm_json_append_string (out, "a\"\\/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9", -1);
  g_assert_cmpstr (out->str, ==, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa9\"");
  g_string_truncate (out, 0);
  gm_json_append_string (out, "a\xff\0b\xe2\x82", 6);
  g_assert_cmpstr (out->str, ==, "\"a\xef\xbf\xbd\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd\"");
  g_string_truncate (out, 0);
  gm_json_append_int (out, G_MININT64);
  gm_json_append_int (out, 0);
  gm_json_append_int (out, G_MAXINT64);
  g_assert_cmpstr (out->str, ==, "-922337203685477580809223372036854775807");
}

/* What json-glib's own parser and generator get wrong. */
static void
test_nodes (void)
{
  const char *text = "{\"z\":9007199254740993,\"a\":0.1,\"m\":[1.0,-1,null,true,\"\\u00e9\\n\"],"
                     "\"o\":{\"y\":{},\"x\":[]}}";
  const char *expected = "{\"z\":9007199254740993,\"a\":0.1,\"m\":[1.0,-1,null,true,\"\xc3\xa9\\n\"],"
                         "\"o\":{\"y\":{},\"x\":[]}}";
  g_autoptr(JsonNode) node = gm_json_parse (text, strlen (text), NULL, NULL);
  g_autoptr(GString) out = g_string_new (NULL);
  JsonArray *array;

  g_assert_nonnull (node);
  gm_json_append_node (out, node);
  g_assert_cmpstr (out->str, ==, expected);
  array = json_object_get_array_member (json_node_get_object (node), "m");
  g_assert_true (json_node_get_value_type (json_array_get_element (array, 0)) == G_TYPE_DOUBLE);
  g_assert_true (json_node_get_value_type (json_array_get_element (array, 1)) == G_TYPE_INT64);
}

static void
test_pretty (void)
{
  const char *text = "{\"a\":[1,2],\"long\":[\"0123456789012345678901234567890123456789\","
                     "\"0123456789012345678901234567890123456789\"],\"e\":{},\"o\":{\"k\":[]}}";
  g_autoptr(JsonNode) node = gm_json_parse (text, strlen (text), NULL, NULL);
  g_autoptr(GString) out = g_string_new (NULL);
  g_autofree char *again = NULL;

  gm_json_append_pretty (out, node);
  g_assert_cmpstr (out->str, ==,
                   "{\n  \"a\": [1, 2],\n  \"long\": [\n"
                   "    \"0123456789012345678901234567890123456789\",\n"
                   "    \"0123456789012345678901234567890123456789\"\n  ],\n"
                   "  \"e\": {},\n  \"o\": {\"k\": []}\n}\n");
  again = compact (out->str, -1);
  g_assert_cmpstr (again, ==, text);
}

static void
test_find_line (void)
{
  const char *text = "{\n\"a b\": 1,\n\"task\" : { \"x\":[[\n1], 2,\n3\n] },\n\"e\": \"}\\\"\"\n,"
                     "\"last\": 5}";

  g_assert_cmpuint (gm_json_find_line (text, "$"), ==, 1);
  g_assert_cmpuint (gm_json_find_line (text, "$[\"a b\"]"), ==, 2);
  g_assert_cmpuint (gm_json_find_line (text, "$.task"), ==, 3);
  g_assert_cmpuint (gm_json_find_line (text, "$.task.x[0][0]"), ==, 4);
  g_assert_cmpuint (gm_json_find_line (text, "$.task.x[1]"), ==, 4);
  g_assert_cmpuint (gm_json_find_line (text, "$.task.x[2]"), ==, 5);
  g_assert_cmpuint (gm_json_find_line (text, "$.e"), ==, 7);
  g_assert_cmpuint (gm_json_find_line (text, "$.last"), ==, 8);
  g_assert_cmpuint (gm_json_find_line (text, "$.task.y.z"), ==, 3);
}

static void
test_to_variant (void)
{
  static const Case cases[] = {
    { "5", "int64 5" },
    { "-7", "int64 -7" },
    { "0", "int64 0" },
    { "9223372036854775807", "int64 9223372036854775807" },
    { "5.0", "5.0" },
    { "\"a\"", "'a'" },
    { "\"\\n\"", "'\\n'" },
    { "true", "true" },
    { "null", "@mv nothing" },
    { "[]", "@av []" },
    { "[1,\"a\",null]", "[<int64 1>, <'a'>, <@mv nothing>]" },
    { "{}", "@a{sv} {}" },
    { "{\"a\":{\"b\":[0.5]}}", "{'a': <{'b': <[<0.5>]>}>}" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GString) back = g_string_new (NULL);
      g_autoptr(GVariant) value = gm_json_to_variant (cases[i].text, strlen (cases[i].text), &error);
      g_autofree char *printed = NULL;

      g_assert_no_error (error);
      g_assert_false (g_variant_is_floating (value));
      printed = g_variant_print (value, TRUE);
      g_assert_cmpstr (printed, ==, cases[i].expected);
      g_assert_true (gm_json_append_variant (back, value, &error));
      g_assert_cmpstr (back->str, ==, cases[i].text);
    }
}

static void
test_to_variant_errors (void)
{
  static const char *bad[] = { "", "01", "\"a\"b\"", "\"\\\"", "--1", "1a", "[1", "nope", "\"a\nb\"" };
  g_autoptr(GString) deep = g_string_new (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (gm_json_to_variant (bad[i], strlen (bad[i]), &error));
      g_assert_nonnull (error);
    }
  for (int i = 0; i < 300; i++)
    {
      g_autoptr(GVariant) value = NULL;
      g_autoptr(GError) error = NULL;

      g_string_prepend (deep, i % 2 ? "[" : "{\"k\":");
      g_string_truncate (deep, i == 0 ? deep->len : deep->len);
      if (i == 0)
        g_string_append (deep, "1");
      g_string_append_c (deep, i % 2 ? ']' : '}');
      value = gm_json_to_variant (deep->str, deep->len, &error);
      if (value != NULL)
        {
          /* What is let through survives the way through bytes. */
          g_autoptr(GBytes) bytes = g_variant_get_data_as_bytes (value);
          g_autoptr(GVariant) copy = g_variant_ref_sink (
            g_variant_new_from_bytes (g_variant_get_type (value), bytes, FALSE));
          g_autoptr(GString) back = g_string_new (NULL);

          g_assert_true (gm_json_append_variant (back, copy, NULL));
          g_assert_cmpstr (back->str, ==, deep->str);
        }
      else
        g_assert_cmpint (i, >, 40);
    }
}

static void
test_from_variant (void)
{
  static const Case cases[] = {
    { "byte 0xff", "255" },
    { "int16 -5", "-5" },
    { "uint16 5", "5" },
    { "int32 -70000", "-70000" },
    { "uint32 4294967295", "4294967295" },
    { "uint64 9223372036854775807", "9223372036854775807" },
    { "uint64 9223372036854775808", "!the integer 9223372036854775808 is above" },
    { "handle 3", "3" },
    { "0.25", "0.25" },
    { "'x\"'", "\"x\\\"\"" },
    { "objectpath '/a'", "\"/a\"" },
    { "signature 'as'", "\"as\"" },
    { "b'text'", "\"text\"" },
    { "[byte 1, 0]", "\"\\u0001\"" },
    { "[byte 0xff, 0]", "[255,0]" },
    { "[byte 1, 2]", "[1,2]" },
    { "@ay []", "[]" },
    { "(1, 'a', (true,))", "[1,\"a\",[true]]" },
    { "()", "[]" },
    { "@mi 5", "5" },
    { "@mi nothing", "null" },
    { "@mmi just nothing", "null" },
    { "<<5>>", "5" },
    { "{'a': 1, 'b': 2}", "{\"a\":1,\"b\":2}" },
    { "{1: 'a', 2: 'b'}", "{\"1\":\"a\",\"2\":\"b\"}" },
    { "{true: 1}", "{\"true\":1}" },
    { "{'a': 1, 'a': 2}", "!the key \"a\" is there twice" },
    { "{'k', 5}", "{\"k\":5}" },
    { "[[1, 2], [3]]", "[[1,2],[3]]" },
    { "@as []", "[]" },
    { "[nan]", "!a number that is not a number (NaN) has no JSON form" },
    { "inf", "!a number that is infinite has no JSON form" },
    { "-inf", "!a number that is infinite" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GString) out = g_string_new (":");
      g_autoptr(GVariant) value = g_variant_parse (NULL, cases[i].text, NULL, NULL, &error);

      g_assert_no_error (error);
      if (gm_json_append_variant (out, value, &error))
        g_assert_cmpstr (out->str + 1, ==, cases[i].expected);
      else
        {
          g_assert_cmpint (*cases[i].expected, ==, '!');
          g_assert_true (g_str_has_prefix (error->message, cases[i].expected + 1));
          g_assert_cmpstr (out->str, ==, ":");
        }
    }
}

/* Whatever comes in, what is accepted is a fixed point, and nodes are the same text. */
static void
test_mutations (void)
{
  static const char seed[] = "{\"mpjob\":1,\"n\":[0.1,-12e3,9223372036854775807,\"\\ud83d\\ude00\\n\"],"
                             "\"o\":{\"k\":null,\"\xc3\xa9\":[true,false]},\"e\":{}}";
  static const char bytes[] = "{}[]\",:\\u0123456789eE+-.tfn \n\xc3\xa9\xff\x01";
  g_autoptr(GRand) rand = g_rand_new_with_seed (4711);
  guint accepted = 0;

  for (int i = 0; i < 30000; i++)
    {
      g_autoptr(GString) text = g_string_new_len (seed, sizeof seed - 1);
      g_autoptr(GString) out = g_string_new (NULL);
      g_autoptr(GString) again = g_string_new (NULL);
      g_autofree char *exact = NULL;

      for (int n = g_rand_int_range (rand, 1, 4); n > 0; n--)
        {
          gsize at = g_rand_int_range (rand, 0, text->len);

          if (g_rand_boolean (rand))
            text->str[at] = bytes[g_rand_int_range (rand, 0, sizeof bytes)];
          else
            g_string_erase (text, at, 1);
        }
      /* A buffer of the exact size lets the sanitizer see a byte too far. */
      exact = g_memdup2 (text->str, text->len);
      if (!gm_json_compact (out, exact, text->len, NULL, NULL))
        continue;
      accepted++;
      g_assert_true (gm_json_compact (again, out->str, out->len, NULL, NULL));
      g_assert_cmpstr (again->str, ==, out->str);
      g_assert_true (gm_json_skip (out->str) == out->str + out->len);
      if (strstr (out->str, "-0") == NULL)
        {
          g_autoptr(JsonNode) node = gm_json_parse (out->str, out->len, NULL, NULL);

          g_string_truncate (again, 0);
          gm_json_append_node (again, node);
          g_assert_cmpstr (again->str, ==, out->str);
        }
    }
  g_assert_cmpuint (accepted, >, 100);
}

static void
test_unescape (void)
{
  const char *text = "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\" rest";
  g_autoptr(GString) out = g_string_new ("kept ");

  g_assert_cmpstr (gm_json_unescape (out, text), ==, " rest");
  g_assert_cmpstr (out->str, ==, "kept a\"\\/\b\f\n\r\té😀");
}

/* Each text is in memory of its own size, so that a sanitizer sees one byte too much. */
static void
test_unescape_bad (void)
{
  static const char * const bad[] = {
    "\"", "\"open", "\"\\", "\"\\\"", "\"\\u", "\"\\u1", "\"\\u123", "\"\\u1234", "\"\\u12g4\"",
    "\"\\u0000\"", "\"\\x\"", "\"\\ud83d", "\"\\ud83d\"", "\"\\ud83d\\", "\"\\ud83d\\u",
    "\"\\ud83d\\ude0",
    "\"\\ud83d\\n\"", "\"\\ud83d\\u0041\"", "\"\\ude00\"", "\"\\udfff\"",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *text = g_strdup (bad[i]);
      g_autoptr(GString) out = g_string_new ("kept");

      g_test_message ("%s", text);
      g_assert_null (gm_json_unescape (out, text));
      g_assert_cmpstr (out->str, ==, "kept");
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/accept", test_accept);
  g_test_add_func ("/json/reject", test_reject);
  g_test_add_func ("/json/long-key", test_long_key);
  g_test_add_func ("/json/depth", test_depth);
  g_test_add_func ("/json/many-keys", test_many_keys);
  g_test_add_func ("/json/doubles", test_doubles);
  g_test_add_func ("/json/doubles-ignore-locale", test_doubles_ignore_locale);
  g_test_add_func ("/json/strings", test_strings);
  g_test_add_func ("/json/unescape", test_unescape);
  g_test_add_func ("/json/unescape-bad", test_unescape_bad);
  g_test_add_func ("/json/nodes", test_nodes);
  g_test_add_func ("/json/pretty", test_pretty);
  g_test_add_func ("/json/find-line", test_find_line);
  g_test_add_func ("/json/to-variant", test_to_variant);
  g_test_add_func ("/json/to-variant-errors", test_to_variant_errors);
  g_test_add_func ("/json/from-variant", test_from_variant);
  g_test_add_func ("/json/mutations", test_mutations);

  return g_test_run ();
}

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.avro.Conversions;
import org.apache.avro.LogicalTypes;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Publishes purchases to capi-stream's topic: kafka-clients, generic Avro records, the schema that the registry has.
 *
 * <p>Confluent's KafkaAvroSerializer does what {@link #framed} does. It is not on Maven Central; if you have it, set it as
 * the value serializer with auto.register.schemas=false and use.latest.version=true, and send the GenericRecord.
 *
 * <p>Exit code 1: something was not acknowledged. 2: wrong usage.
 */
public final class PublishOrders {
    private final int schemaId;
    private final Schema schema;

    private PublishOrders(int schemaId, Schema schema) {
        this.schemaId = schemaId;
        this.schema = schema;
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, String> given = new HashMap<>(
                Map.of("--pixel", "1234567890", "--count", "10", "--timeout", "30"));
        for (int at = 0; at + 1 < arguments.length; at += 2) {
            given.put(arguments[at], arguments[at + 1]);
        }
        if (!given.keySet().containsAll(List.of("--bootstrap", "--registry", "--topic"))) {
            System.err.println("usage: --bootstrap HOST:PORT --registry URL --topic TOPIC"
                    + " [--pixel ID] [--count N] [--timeout SECONDS]");
            System.exit(2);
        }
        int count = Integer.parseInt(given.get("--count"));
        PublishOrders orders = registered(given.get("--registry"), given.get("--topic") + "-value");
        int acknowledged = orders.publish(
                given.get("--bootstrap"),
                given.get("--topic"),
                given.get("--pixel"),
                count,
                Integer.parseInt(given.get("--timeout")));
        System.out.println(acknowledged + " of " + count + " events acknowledged");
        System.exit(acknowledged == count ? 0 : 1);
    }

    /** The newest schema of the subject, with its id. */
    private static PublishOrders registered(String registry, String subject) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(registry + "/subjects/" + subject + "/versions/latest"))
                .timeout(Duration.ofSeconds(10))
                .build();
        HttpResponse<String> answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException("the registry has no " + subject + " (HTTP " + answer.statusCode() + ")");
        }
        JsonNode version = new ObjectMapper().readTree(answer.body());
        return new PublishOrders(version.get("id").asInt(), new Schema.Parser().parse(version.get("schema").asText()));
    }

    /** How many of the events were acknowledged. */
    private int publish(String bootstrap, String topic, String pixel, int count, int seconds) throws IOException {
        // acks=all and idempotence: acknowledged means on all in-sync replicas, once and in order.
        Map<String, Object> settings = Map.of(
                "bootstrap.servers", bootstrap,
                "acks", "all",
                "enable.idempotence", true,
                "delivery.timeout.ms", seconds * 1_000,
                "request.timeout.ms", seconds * 500,
                "max.block.ms", seconds * 1_000);
        AtomicInteger acknowledged = new AtomicInteger();
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
            for (int position = 0; position < count; position++) {
                String orderId = "order-" + UUID.randomUUID();
                byte[] value = framed(order(orderId, pixel, position));
                producer.send(new ProducerRecord<>(topic, orderId, value), (stored, failure) -> {
                    if (failure == null) {
                        acknowledged.incrementAndGet();
                        System.out.println("acknowledged " + orderId);
                    } else {
                        System.err.println("not acknowledged: " + orderId + ": " + failure.getMessage());
                    }
                });
            }
            producer.flush();
        }
        return acknowledged.get();
    }

    /** A made-up purchase. What is left out has a default in the schema; docs/publishing.md says what each field is for. */
    private GenericRecord order(String orderId, String pixel, int position) {
        GenericRecord page = in("page").set("url", "https://shop.example.com/thanks").build();
        GenericRecord customer = in("customer") // raw: the service normalises and hashes
                .set("emails", List.of("person" + position + "@example.com"))
                .set("phones", List.of("+1 650 555 0112")) // with its country code
                .set("first_name", "Ana")
                .set("last_name", "Silva")
                .set("date_of_birth", (int) LocalDate.of(1980, 1, 2).toEpochDay())
                .set("country", "US")
                .set("external_ids", List.of("customer-" + position))
                .set("ip_address", "198.51.100.7") // the person's, not a proxy's
                .set("user_agent", "Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/1.0")
                .set("fbp", "fb.1.1767225000000.1098115397") // the browser's cookie, as it is
                .build();
        Schema orderSchema = inner(schema.getField("order").schema());
        GenericRecord item = new GenericRecordBuilder(orderSchema.getField("items").schema().getElementType())
                .set("sku", "MUG-1")
                .set("quantity", 3)
                .set("unit_price", decimal("19.99", orderSchema.getField("value").schema()))
                .build();
        GenericRecord order = in("order")
                .set("order_id", orderId)
                .set("value", decimal("59.97", orderSchema.getField("value").schema()))
                .set("currency", "USD")
                .set("content_type", "product")
                .set("items", List.of(item))
                .build();
        return new GenericRecordBuilder(schema)
                .set("event_id", orderId) // the same id as the browser's pixel sends as eventID
                .set("event_type", symbol("event_type", "PURCHASE"))
                .set("occurred_at", System.currentTimeMillis()) // when the person bought, not when this is published
                .set("pixel_id", pixel)
                .set("channel", symbol("channel", "WEBSITE"))
                .set("page", page)
                .set("customer", customer)
                .set("order", order)
                .build();
    }

    /** A builder for the record in a field; it fills in the defaults. */
    private GenericRecordBuilder in(String field) {
        return new GenericRecordBuilder(inner(schema.getField(field).schema()));
    }

    /** The type beside the null of a nullable one. */
    private static Schema inner(Schema schema) {
        return schema.isUnion() ? schema.getTypes().get(1) : schema;
    }

    private GenericData.EnumSymbol symbol(String field, String name) {
        return new GenericData.EnumSymbol(schema.getField(field).schema(), name);
    }

    /** Money as Avro holds it: in the scale of the schema. */
    private static ByteBuffer decimal(String amount, Schema nullable) {
        Schema type = inner(nullable);
        int scale = ((LogicalTypes.Decimal) type.getLogicalType()).getScale();
        return new Conversions.DecimalConversion()
                .toBytes(new BigDecimal(amount).setScale(scale), type, type.getLogicalType());
    }

    /** Confluent's framing: a zero byte, the schema's id in four bytes, the record. */
    private byte[] framed(GenericRecord event) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new DataOutputStream(bytes).writeByte(0);
        new DataOutputStream(bytes).writeInt(schemaId);
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
        new GenericDatumWriter<GenericRecord>(schema).write(event, encoder);
        encoder.flush();
        return bytes.toByteArray();
    }
}
